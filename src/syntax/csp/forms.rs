//! Fields that versions write differently: every form is read in every version, and the version's own is written.

use super::*;
use Version::{V11, V12, V13};

/// The primitive in a document of a version.
fn read_in(version: Version, primitive: &str) -> Primitive {
    let namespace = namespace(Element::WvCspMessage, version).unwrap();
    let document = format!(
        "<WV-CSP-Message xmlns='{namespace}'><Session><SessionDescriptor><SessionType>Inband</SessionType><SessionID>s\
         </SessionID></SessionDescriptor><Transaction><TransactionDescriptor><TransactionMode>Request</TransactionMode>\
         </TransactionDescriptor><TransactionContent>{primitive}</TransactionContent></Transaction></Session>\
         </WV-CSP-Message>"
    );
    let read = read(document.as_bytes(), Encoding::Xml, &Limits::default(), |_| None);
    let message = read.unwrap_or_else(|error| panic!("{version}: {primitive}: {error}"));
    assert_eq!(message.version, version);
    match message.transactions.into_iter().next().unwrap().said {
        Said::Known(primitive) => primitive,
        Said::Unknown(name) => panic!("{name}"),
    }
}

fn message(version: Version, primitive: &Primitive) -> Message {
    let said = Said::Known(primitive.clone());
    let transactions = vec![Transaction { mode: Mode::Request, id: None, segment: None, said }];
    Message { version, session: Some(SessionId::new("s")), transactions, poll: None }
}

/// What is written, without envelope and namespaces, and the names of what is lost.
fn written_in(version: Version, primitive: &Primitive) -> (String, Vec<&'static str>) {
    let (bytes, losses) = write_telling(&message(version, primitive), Encoding::Xml);
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    let from = text.find("<TransactionContent").unwrap();
    let mut inside = text[from..].split_once('>').unwrap().1;
    inside = inside.split_once("</TransactionContent>").map_or("", |(inside, _)| inside);
    let mut plain = String::new();
    while let Some((before, rest)) = inside.split_once(" xmlns=\"") {
        plain.push_str(before);
        inside = rest.split_once('"').unwrap().1;
    }
    plain.push_str(inside);
    (plain, losses.iter().map(|loss| loss.element.xml()).collect())
}

/// One thing: as each version writes it, and in other forms that are read.
struct Row(&'static [(&'static [Version], &'static str)], &'static [&'static str]);

const OLD: &[Version] = &[V11, V12];
const NEW: &[Version] = &[V12, V13];
const ALL: &[Version] = &[V11, V12, V13];

const ROWS: &[Row] = &[
    Row(
        &[
            (
                OLD,
                "<SubscribePresence-Request><User><UserID>a</UserID></User><User><UserID>b</UserID></User>\
                 <ContactList>l</ContactList><PresenceSubList><Alias/></PresenceSubList></SubscribePresence-Request>",
            ),
            (
                &[V13],
                "<SubscribePresence-Request><UserIDList><UserID>a</UserID><UserID>b</UserID></UserIDList>\
                 <ContactListIDList><ContactList>l</ContactList></ContactListIDList><PresenceSubList><Alias/>\
                 </PresenceSubList></SubscribePresence-Request>",
            ),
        ],
        &["<SubscribePresence-Request><ContactList>l</ContactList><UserID>a</UserID><UserIDList><UserID>b</UserID>\
           </UserIDList><PresenceSubList><Vendor/><Alias/></PresenceSubList></SubscribePresence-Request>"],
    ),
    Row(
        &[
            (
                OLD,
                "<CreateAttributeList-Request><PresenceSubList/><UserID>a</UserID><ContactList>l</ContactList>\
                 <DefaultList>F</DefaultList></CreateAttributeList-Request>",
            ),
            (
                &[V13],
                "<CreateAttributeList-Request><PresenceSubList/><UserIDList><UserID>a</UserID></UserIDList>\
                 <ContactListIDList><ContactList>l</ContactList></ContactListIDList><DefaultList>F</DefaultList>\
                 </CreateAttributeList-Request>",
            ),
        ],
        &["<CreateAttributeList-Request><DefaultList>f</DefaultList><User><UserID> a </UserID></User>\
           <ContactList>l</ContactList><PresenceSubList></PresenceSubList></CreateAttributeList-Request>"],
    ),
    Row(
        &[
            (
                OLD,
                "<GetAttributeList-Request><DefaultList>T</DefaultList><User><UserID>a</UserID></User>\
                 </GetAttributeList-Request>",
            ),
            (
                &[V13],
                "<GetAttributeList-Request><DefaultList>T</DefaultList><UserIDList><UserID>a</UserID></UserIDList>\
                 </GetAttributeList-Request>",
            ),
        ],
        &[],
    ),
    Row(
        &[
            (
                OLD,
                "<GetList-Response><ContactList>a</ContactList><ContactList>b</ContactList>\
                 <DefaultContactList>c</DefaultContactList></GetList-Response>",
            ),
            (
                &[V13],
                "<GetList-Response><ContactListIDList><ContactList>a</ContactList><ContactList>b</ContactList>\
                 </ContactListIDList><DefaultContactList>c</DefaultContactList></GetList-Response>",
            ),
        ],
        &[],
    ),
    Row(
        &[(
            ALL,
            "<ListManage-Request><ContactList>l</ContactList><AddNickList><NickName><Name>A</Name><UserID>a</UserID>\
             </NickName><NickName><Name/><UserID>b</UserID></NickName></AddNickList></ListManage-Request>",
        )],
        &["<ListManage-Request><ContactList>l</ContactList><AddNickList><NickName><UserID>a</UserID><Name>A</Name>\
           </NickName><UserID>b</UserID></AddNickList></ListManage-Request>"],
    ),
    Row(
        &[
            (
                OLD,
                "<Search-Request><SearchPairList><SearchElement>USER_CITY</SearchElement><SearchString>x</SearchString>\
                 </SearchPairList><SearchPairList><SearchElement>USER_ID</SearchElement><SearchString>y</SearchString>\
                 </SearchPairList><SearchLimit>5</SearchLimit></Search-Request>",
            ),
            (
                &[V13],
                "<Search-Request><SearchPairList><SearchPair><SearchElement>USER_CITY</SearchElement><SearchString>x\
                 </SearchString></SearchPair><SearchPair><SearchElement>USER_ID</SearchElement><SearchString>y\
                 </SearchString></SearchPair></SearchPairList><SearchLimit>5</SearchLimit></Search-Request>",
            ),
        ],
        &[
            "<Search-Request><SearchPairList><SearchElement>USER_CITY</SearchElement><SearchString>x</SearchString>\
             <SearchElement>USER_ID</SearchElement><SearchString>y</SearchString></SearchPairList>\
             <SearchLimit>5</SearchLimit></Search-Request>",
            "<Search-Request><SearchPairList><SearchPair><SearchString>x</SearchString><SearchElement>USER_CITY\
             </SearchElement></SearchPair></SearchPairList><SearchPairList><SearchPair><SearchElement>USER_ID\
             </SearchElement><SearchString>y</SearchString></SearchPair></SearchPairList><SearchLimit> 5 </SearchLimit>\
             </Search-Request>",
        ],
    ),
    Row(&[(ALL, "<StopSearch-Request><SearchID>0x23829381</SearchID></StopSearch-Request>")], &[]),
    Row(
        &[(
            ALL,
            "<Search-Response><SearchFindings>1</SearchFindings><CompletionFlag>T</CompletionFlag><SearchResult>\
             <GroupList><GroupID>g</GroupID></GroupList></SearchResult></Search-Response>",
        )],
        &["<Search-Response><SearchFindings>1</SearchFindings><CompletionFlag>T</CompletionFlag><SearchResult>\
           <UserList/><GroupID>g</GroupID></SearchResult></Search-Response>"],
    ),
    Row(
        &[
            (&[V11], "<GetWatcherList-Response><User><UserID>a</UserID></User></GetWatcherList-Response>"),
            (
                &[V12],
                "<GetWatcherList-Response><Watcher><User><UserID>a</UserID></User></Watcher>\
                 </GetWatcherList-Response>",
            ),
            (&[V13], "<GetWatcherList-Response><Watcher><UserID>a</UserID></Watcher></GetWatcherList-Response>"),
        ],
        &[],
    ),
    Row(
        &[
            (
                &[V12],
                "<ClientCapability-Response><AgreedCapabilityList><CIRURL><URL>u</URL></CIRURL></AgreedCapabilityList>\
                 </ClientCapability-Response>",
            ),
            (
                &[V13],
                "<ClientCapability-Response><AgreedCapabilityList><CIRHTTPAddress><URL>u</URL></CIRHTTPAddress>\
                 </AgreedCapabilityList></ClientCapability-Response>",
            ),
        ],
        &["<ClientCapability-Response><AgreedCapabilityList><CIRURL> u </CIRURL></AgreedCapabilityList>\
           </ClientCapability-Response>"],
    ),
    Row(
        &[
            (
                OLD,
                "<ClientCapability-Request><CapabilityList><AcceptedContentType>a/b</AcceptedContentType>\
                 </CapabilityList></ClientCapability-Request>",
            ),
            (
                &[V13],
                "<ClientCapability-Request><CapabilityList><AcceptedContentType><ContentType>a/b</ContentType>\
                 </AcceptedContentType></CapabilityList></ClientCapability-Request>",
            ),
        ],
        &[],
    ),
    Row(
        &[(
            ALL,
            "<Invite-Request><InviteID>i</InviteID><InviteType>SC</InviteType><URLList><URL>u</URL><URL>v</URL>\
             </URLList></Invite-Request>",
        )],
        &["<Invite-Request><URL>u</URL><URL>v</URL><InviteType>SC</InviteType><InviteID>i</InviteID></Invite-Request>"],
    ),
    Row(
        &[(
            NEW,
            "<InviteUser-Response><InviteID>i</InviteID><Acceptance>T</Acceptance><Sender><User><UserID>a</UserID>\
             </User></Sender><ResponseNote>n</ResponseNote></InviteUser-Response>",
        )],
        &["<InviteUser-Response><InviteID>i</InviteID><Acceptance>T</Acceptance><User><UserID>a</UserID></User>\
           <InviteNote>n</InviteNote></InviteUser-Response>"],
    ),
    Row(
        &[(
            &[V13],
            "<SystemMessage-Request><SystemMessageList><SystemMessage><SystemMessageID>i</SystemMessageID>\
             <AnswerOptions><AnswerOption><AnswerOptionID>1</AnswerOptionID><AnswerOptionText>Yes</AnswerOptionText>\
             </AnswerOption></AnswerOptions></SystemMessage></SystemMessageList></SystemMessage-Request>",
        )],
        &["<SystemMessage-Request><SystemMessage><SystemMessageID>i</SystemMessageID><AnswerOption><AnswerOptionID>1\
           </AnswerOptionID><AnswerOptionsText>Yes</AnswerOptionsText></AnswerOption></SystemMessage>\
           </SystemMessage-Request>"],
    ),
    Row(
        &[(NEW, "<Extended-Request><ExtendedData>x</ExtendedData></Extended-Request>")],
        &[
            "<Extended-Request>\n x </Extended-Request>",
            "<Extended-Request><Extended-Data>x</Extended-Data></Extended-Request>",
        ],
    ),
    Row(
        &[(
            ALL,
            "<UpdatePresence-Request><PresenceSubList><CommCap><Qualifier>T</Qualifier><CommC><Cap>IM</Cap><Status>OPEN\
             </Status></CommC></CommCap><PreferredContacts><AddrPref><PrefC>PIGEON</PrefC><Cname>c</Cname></AddrPref>\
             </PreferredContacts><StatusContent><ReferredContent>u</ReferredContent></StatusContent><ContactInfo>\
             <ReferredvCard>v</ReferredvCard></ContactInfo></PresenceSubList></UpdatePresence-Request>",
        )],
        &["<UpdatePresence-Request><PresenceSubList xmlns='http://www.wireless-village.org/PA1.1'><CommCap>\
           <v:Vendor xmlns:v='urn:v'>1</v:Vendor><Qualifier>t</Qualifier><CommC><Cap>IM</Cap><Status>OPEN</Status>\
           </CommC></CommCap><PreferredContacts><AddrPref><PrefC>PIGEON</PrefC><CName>c</CName></AddrPref>\
           </PreferredContacts><StatusContent><PreferredContent>u</PreferredContent></StatusContent><ContactInfo>\
           <PreferredvCard>v</PreferredvCard></ContactInfo></PresenceSubList></UpdatePresence-Request>"],
    ),
];

#[test]
fn every_form_is_read_in_every_version_and_the_versions_own_is_written() {
    for Row(written, read) in ROWS {
        let primitive = read_in(V13, written.last().unwrap().1);
        let forms = written.iter().map(|(_, form)| form).chain(*read);
        for form in forms {
            for version in Version::ALL {
                assert_eq!(read_in(version, form), primitive, "{version}: {form}");
            }
        }
        for (versions, form) in *written {
            for version in *versions {
                assert_eq!(written_in(*version, &primitive), ((*form).to_owned(), Vec::new()), "{version}");
                let wbxml = write(&message(*version, &primitive), Encoding::Wbxml);
                let read = super::read(&wbxml, Encoding::Wbxml, &Limits::default(), |_| None).unwrap();
                assert_eq!(read, message(*version, &primitive));
            }
        }
    }
}

#[test]
fn what_a_form_has_no_place_for_is_told() {
    let watcher = "<GetWatcherList-Response><WatcherCount>1</WatcherCount><Watcher><UserID>a</UserID><FriendlyName>A\
                   </FriendlyName><WatcherStatus>PRESENCE_ACCESS</WatcherStatus></Watcher></GetWatcherList-Response>";
    let at_client = "<GetWatcherList-Response><User><UserID>a</UserID><ClientID><URL>c</URL></ClientID></User>\
                     </GetWatcherList-Response>";
    let subscription = "<SubscribePresence-Request><User><UserID>a</UserID><ClientID><URL>c</URL></ClientID></User>\
                        <AutoSubscribe>T</AutoSubscribe></SubscribePresence-Request>";
    let search = "<Search-Request><SearchPairList><SearchPair><SearchElement>USER_ID</SearchElement><PairID>1</PairID>\
                  </SearchPair></SearchPairList><AdvancedCriteria>1</AdvancedCriteria></Search-Request>";
    let types = "<ClientCapability-Request><CapabilityList><AcceptedContentType><ContentType>a/b</ContentType>\
                 <AcceptedRichContentLength>9</AcceptedRichContentLength><ContentPolicy>N</ContentPolicy>\
                 </AcceptedContentType></CapabilityList></ClientCapability-Request>";
    let presence = "<UpdatePresence-Request><PresenceSubList><OnlineStatus><PresenceValue>T</PresenceValue><ClientID>\
                    <URL>c</URL></ClientID></OnlineStatus><InfoLink><Inf_link><Link>l</Link></Inf_link></InfoLink>\
                    </PresenceSubList></UpdatePresence-Request>";
    let answer = "<InviteUser-Response><InviteID>i</InviteID><Acceptance>F</Acceptance><Sender><User><UserID>a</UserID>\
                  </User></Sender></InviteUser-Response>";
    let refusal = "<Status><Result><Code>403</Code><DetailedResult><Code>402</Code><SearchElement>USER_ID\
                   </SearchElement></DetailedResult><SystemMessageList><SystemMessage><SystemMessageID>i\
                   </SystemMessageID></SystemMessage></SystemMessageList></Result></Status>";
    let functions = "<Service-Request><Functions><WVCSPFeat><IMFeat/><PresenceFeat><MP/></PresenceFeat></WVCSPFeat>\
                     </Functions></Service-Request>";
    let lost_functions = "<Service-Request><Functions><WVCSPFeat><PresenceFeat><MP/></PresenceFeat></WVCSPFeat>\
                          </Functions></Service-Request>";
    let cases: [(&str, Version, &str, &[&str]); 12] = [
        (
            watcher,
            V12,
            "<GetWatcherList-Response><Watcher><User><UserID>a</UserID></User><WatcherStatus>PRESENCE_ACCESS\
             </WatcherStatus></Watcher></GetWatcherList-Response>",
            &["WatcherCount", "FriendlyName"],
        ),
        (
            watcher,
            V11,
            "<GetWatcherList-Response><User><UserID>a</UserID></User></GetWatcherList-Response>",
            &["WatcherCount", "FriendlyName", "WatcherStatus"],
        ),
        (
            at_client,
            V13,
            "<GetWatcherList-Response><Watcher><UserID>a</UserID></Watcher></GetWatcherList-Response>",
            &["ClientID"],
        ),
        (
            subscription,
            V13,
            "<SubscribePresence-Request><UserIDList><UserID>a</UserID></UserIDList></SubscribePresence-Request>",
            &["ClientID", "AutoSubscribe"],
        ),
        (
            search,
            V12,
            "<Search-Request><SearchPairList><SearchElement>USER_ID</SearchElement></SearchPairList></Search-Request>",
            &["PairID", "AdvancedCriteria"],
        ),
        (
            types,
            V11,
            "<ClientCapability-Request><CapabilityList><AcceptedContentType>a/b</AcceptedContentType>\
             </CapabilityList></ClientCapability-Request>",
            &["AcceptedRichContentLength", "ContentPolicy"],
        ),
        (
            presence,
            V11,
            "<UpdatePresence-Request><PresenceSubList><OnlineStatus><PresenceValue>T</PresenceValue></OnlineStatus>\
             </PresenceSubList></UpdatePresence-Request>",
            &["ClientID", "InfoLink"],
        ),
        (
            answer,
            V11,
            "<InviteUser-Response><InviteID>i</InviteID><Acceptance>F</Acceptance></InviteUser-Response>",
            &["Sender"],
        ),
        (
            refusal,
            V12,
            "<Status><Result><Code>403</Code><DetailedResult><Code>402</Code></DetailedResult></Result></Status>",
            &["SearchElement", "SystemMessageList"],
        ),
        (
            functions,
            V11,
            "<Service-Request><Functions><WVCSPFeat><IMFeat/></WVCSPFeat></Functions></Service-Request>",
            &["PresenceFeat"],
        ),
        (lost_functions, V11, "<Service-Request><Functions/></Service-Request>", &["WVCSPFeat"]),
        (
            "<Notification-Request><NotificationType>PPU</NotificationType></Notification-Request>",
            V12,
            "",
            &["Notification-Request"],
        ),
    ];
    for (form, version, written, lost) in cases {
        let primitive = read_in(V13, form);
        assert_eq!(written_in(version, &primitive), (written.to_owned(), lost.to_vec()), "{version}: {form}");
    }
}
