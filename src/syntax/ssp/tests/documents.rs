//! One document for every shape: it is read, and written exactly like that.

use super::*;

const PA: &str = "http://www.openmobilealliance.org/DTD/IMPS-PA1.3";

const META: &str = "<MetaInfo clientOriginated=\"Yes\"><Requestor serviceID=\"wv:@north.example\">\
                    <User userID=\"wv:ann@north.example\"/></Requestor></MetaInfo>";

/// `M` stands for the `MetaInfo` that leads requests, `A` and `B` for users, `G` for a group, `P` for the namespace of
/// presence attributes.
const COMMON: &[&str] = &[
    "<InviteRequest inviteID='i-1' inviteType='GR' validity='3600'>M<Inviting><User userID='A'/></Inviting>\
     <Invited><User userID='B'/></Invited><GroupID groupID='G'/><InviteNote>Come &amp; see</InviteNote>\
     <ScreenName groupID='G'>Ann</ScreenName></InviteRequest>",
    "<InviteRequest inviteID='i-2' inviteType='PR'>M<Inviting><ScreenName groupID='G'>Ann</ScreenName></Inviting>\
     <Invited><GroupID groupID='G'/></Invited>\
     <AttributeList><PresenceSubList xmlns='P'><OnlineStatus/></PresenceSubList></AttributeList></InviteRequest>",
    "<InviteRequest inviteID='i-3' inviteType='SC'>M<Inviting><User userID='A'/></Inviting>\
     <Invited><User userID='B'/></Invited><ApplicationID applicationID='x'/>\
     <ContentIDList><ContentID url='http://a/'/><ContentID url='http://b/'/></ContentIDList></InviteRequest>",
    "<InviteResponse inviteID='i-1' acceptance='No'>M<Status code='200'/><Inviting><User userID='A'/></Inviting>\
     <Responding><User userID='B'/></Responding><ResponseNote>No time</ResponseNote>\
     <ScreenName groupID='G'>Bob</ScreenName></InviteResponse>",
    "<CancelInviteRequest inviteID='i-1'>M<Canceling><User userID='A'/></Canceling>\
     <Canceled><User userID='B'/></Canceled><GroupID groupID='G'/><CancelNote>Too late</CancelNote>\
     </CancelInviteRequest>",
    "<SearchRequest searchLimit='10'>M<SearchPair element='USER_ALIAS' string='bo'/>\
     <SearchPair element='USER_CITY' string='x' pairID='2'/><AdvancedCriteria>1 AND 2</AdvancedCriteria>\
     </SearchRequest>",
    "<SearchRequest searchID='5' searchIndex='11'>M</SearchRequest>",
    "<SearchResponse searchID='5' searchFindings='2' complete='Yes' searchIndex='2'><Status code='200'/>\
     <UserID userID='A'/><UserID userID='B'/><GroupID groupID='G'/></SearchResponse>",
    "<StopSearchRequest searchID='5'>M</StopSearchRequest>",
    "<VerifyIDRequest>M<UserID userID='A'/><GroupID groupID='G'/><ScreenName groupID='G'>Ann</ScreenName>\
     <ContactListID contactListID='l'/><Domain>north.example</Domain></VerifyIDRequest>",
    "<GetSPInfoRequest>M</GetSPInfoRequest>",
    "<GetSPInfoResponse><Status code='200'/><Name>North</Name><Description>Words</Description><URL>http://n/</URL>\
     <Logo><ContentData contentType='image/gif' encoding='base64'>R0lG</ContentData></Logo></GetSPInfoResponse>",
    "<GetMapRequest>M<UserID userID='B'/></GetMapRequest>",
    "<GetMapRequest>M<PresenceSubList xmlns='P'><Address><City>Ulm</City></Address></PresenceSubList></GetMapRequest>",
    "<GetMapResponse><Status code='200'/><ContentData contentType='image/gif' encoding='base64'>R0lG</ContentData>\
     </GetMapResponse>",
    "<GetMapResponse><Status code='200'/><URL>http://map/</URL></GetMapResponse>",
    "<SystemMessageRequest>M<User userID='B'/><SystemMessage systemMessageID='s' requiresResponse='Yes'>\
     <SystemMessageText>Well?</SystemMessageText><AnswerOption answerOptionID='1'>Yes</AnswerOption>\
     <AnswerOption answerOptionID='2'>No</AnswerOption></SystemMessage></SystemMessageRequest>",
    "<SystemMessageUser>M<SystemMessageResponse systemMessageID='s' chosenOptionID='1'/></SystemMessageUser>",
    "<NotificationRequest type='GR' groupID='G'>M<User userID='B'/></NotificationRequest>",
    "<NotificationRequest type='ANU'>M<User userID='B'/>\
     <AttributeList><PresenceSubList xmlns='P'><Alias/></PresenceSubList></AttributeList><UserID userID='A'/>\
     <ContactListID contactListID='l'/></NotificationRequest>",
    "<ExtendedRequest>M<ExtendedData>of a vendor</ExtendedData></ExtendedRequest>",
    "<ExtendedResponse><ExtendedData>of a vendor</ExtendedData></ExtendedResponse>",
];

const PRESENCE: &[&str] = &[
    "<SubscribeRequest>M<UserID userID='B'/><AttributeList><PresenceSubList xmlns='P'><OnlineStatus/>\
     <UserAvailability/></PresenceSubList></AttributeList></SubscribeRequest>",
    "<UnsubscribeRequest>M<UserID userID='A'/><UserID userID='B'/></UnsubscribeRequest>",
    "<PresenceNotification>M<User userID='B'/><PresenceValue userID='A' version='7'><PresenceSubList xmlns='P'>\
     <OnlineStatus><Qualifier>T</Qualifier><PresenceValue>F</PresenceValue></OnlineStatus>\
     <CommCap><Qualifier>T</Qualifier><CommC><Cap>IM</Cap><Status>OPEN</Status></CommC>\
     <ClientID><URL>c</URL></ClientID></CommCap></PresenceSubList></PresenceValue></PresenceNotification>",
    "<PresenceNotification><User userID='B'/></PresenceNotification>",
    "<GetPresenceRequest>M<VerUserID userID='B'/><AttributeList><PresenceSubList xmlns='P'><Alias/></PresenceSubList>\
     </AttributeList></GetPresenceRequest>",
    "<GetPresenceResponse><Status code='200'/><PresenceValue userID='A'/></GetPresenceResponse>",
    "<UpdatePresenceRequest>M<PresenceSubList xmlns='P'><StatusText><Qualifier>T</Qualifier>\
     <PresenceValue>Hi</PresenceValue></StatusText></PresenceSubList></UpdatePresenceRequest>",
    "<GetWatcherListRequest historyPeriod='60' maxWatcherList='5'>M</GetWatcherListRequest>",
    "<GetWatcherListResponse watcherCount='1'><Status code='200'/><Watcher userID='B' status='CURRENT_SUBSCRIBER'/>\
     </GetWatcherListResponse>",
    "<AuthorizationRequest>M<UserID userID='B'/><User userID='A'/><AttributeList><PresenceSubList xmlns='P'><Alias/>\
     </PresenceSubList></AttributeList></AuthorizationRequest>",
    "<AuthorizationResponse acceptance='Yes'>M<UserID userID='B'/></AuthorizationResponse>",
    "<CancelAuthorizationRequest>M<UserID userID='A'/><UserID userID='B'/></CancelAuthorizationRequest>",
    "<GetReactiveAuthStatusRequest>M<UserID userID='B'/></GetReactiveAuthStatusRequest>",
    "<GetReactiveAuthStatusResponse><Status code='200'/><ReactiveAuthStatus userID='B' state='GRANTED'/>\
     <ReactiveAuthStatus userID='A' state='DENIED'/></GetReactiveAuthStatusResponse>",
    // contact lists
    "<GetListRequest>M</GetListRequest>",
    "<GetListResponse><Status code='200'/><ContactListID contactListID='l'/>\
     <ContactListID default='Yes' contactListID='d'/></GetListResponse>",
    "<CreateListRequest contactListID='l'>M<NickName userID='B'>Bobby</NickName><NickName userID='A'/>\
     <ContactListProperties><Property><Name>Default</Name><Value>T</Value></Property></ContactListProperties>\
     </CreateListRequest>",
    "<CreateListResponse contactListID='l'/>",
    "<DeleteListRequest contactListID='l'>M</DeleteListRequest>",
    "<ListManageRequest contactListID='l' receiveList='No'>M<AddNickList><NickName userID='B'>Bobby</NickName>\
     </AddNickList><RemoveNickList><UserID userID='A'/></RemoveNickList></ListManageRequest>",
    "<ListManageResponse><Status code='200'/><NickName userID='B'>Bobby</NickName></ListManageResponse>",
    // attribute lists
    "<CreateAttributeListRequest default='Yes'>M<AttributeList><PresenceSubList xmlns='P'><Alias/></PresenceSubList>\
     </AttributeList><UserID userID='B'/><ContactListID contactListID='l'/></CreateAttributeListRequest>",
    "<DeleteAttributeListRequest default='No'>M<UserID userID='B'/></DeleteAttributeListRequest>",
    "<GetAttributeListRequest>M<ContactListID contactListID='l'/></GetAttributeListRequest>",
    "<GetAttributeListResponse><Status code='200'/><Authorization default='Yes'><AttributeList>\
     <PresenceSubList xmlns='P'><Alias/></PresenceSubList></AttributeList></Authorization>\
     <Authorization userID='B'/><Authorization contactListID='l'/></GetAttributeListResponse>",
];

const MESSAGING: &[&str] = &[
    "<SendMessageRequest deliveryReport='No'>M<MessageInfo messageID='m' contentType='text/plain' contentSize='2'>\
     <Recipient><User userID='B'/></Recipient><Recipient><GroupID groupID='G'/></Recipient>\
     <Sender><User userID='A'><ClientID url='c' msisdn='+49'><ApplicationID applicationID='x'/></ClientID></User></Sender>\
     <DateTime format='iso8601'>2026-11-25T02:00:00Z</DateTime></MessageInfo>\
     <ContentData contentType='text/plain'>Hi</ContentData></SendMessageRequest>",
    "<SendMessageResponse messageID='m'><Status code='201'><StatusDescription>Not all</StatusDescription>\
     <DetailedResult code='427'><UserID userID='B'/></DetailedResult></Status></SendMessageResponse>",
    "<DeliveryStatusReport>M<DeliveryResult><Status code='200'/></DeliveryResult>\
     <DeliveryTime>2026-11-25T02:00:01Z</DeliveryTime><MessageInfo messageID='m'>\
     <Recipient><User userID='A'/></Recipient><Sender><User userID='B'/></Sender></MessageInfo></DeliveryStatusReport>",
    "<NewMessage>M<User userID='B'/><MessageInfo messageID='m'><Sender><GroupID groupID='G'/>\
     <SenderDisplay><ScreenName groupID='G'>Ann</ScreenName></SenderDisplay></Sender></MessageInfo>\
     <ContentData encoding='base64'>R0lG</ContentData></NewMessage>",
    "<MessageDelivered messageID='m'/>",
    "<MessageNotification>M<User userID='B'/><MessageInfo messageID='m' contentSize='9'/></MessageNotification>",
    "<GetMessageRequest messageID='m'>M</GetMessageRequest>",
    "<GetMessageResponse><Status code='200'/><MessageInfo messageID='m' contentType='text/x'/>\
     <ContentData contentType='text/x'>Hi</ContentData></GetMessageResponse>",
    "<GetMessageListRequest groupID='G' messageCount='5'>M</GetMessageListRequest>",
    "<GetMessageListResponse totalCount='2'><Status code='200'/><MessageInfo messageID='m'/><MessageInfo messageID='n'/>\
     </GetMessageListResponse>",
    "<RejectMessageRequest>M<MessageID messageID='m'/><MessageID messageID='n'/></RejectMessageRequest>",
    "<SetDeliveryMethodRequest deliveryMethod='N' acceptedContentLength='90' groupID='G'>M</SetDeliveryMethodRequest>",
    "<ForwardMessageRequest messageID='m'>M<Recipient><User userID='B'/></Recipient><Recipient><User userID='A'/>\
     </Recipient><Sender><User userID='A'/></Sender></ForwardMessageRequest>",
    "<ForwardMessageResponse messageID='n'><Status code='200'/></ForwardMessageResponse>",
    "<GetBlockedListRequest>M</GetBlockedListRequest>",
    "<GetBlockedListResponse><Status code='200'/><BlockList inUse='Yes'><UserID userID='B'/><GroupID groupID='G'/>\
     <ScreenName groupID='G'>Eve</ScreenName><ApplicationID applicationID='x'/><ContactListID contactListID='l'/>\
     </BlockList><GrantList inUse='No'/></GetBlockedListResponse>",
    "<BlockEntityRequest>M<BlockList inUse='Yes'><Add><UserID userID='B'/></Add><Remove><GroupID groupID='G'/></Remove>\
     </BlockList></BlockEntityRequest>",
];

const GROUPS: &[&str] = &[
    "<CreateGroupRequest groupID='G' joinGroup='Yes' subscribeNotif='No'>M<GroupProperties>\
     <Property><Name>Searchable</Name><Value>T</Value></Property><WelcomeNote>\
     <ContentData contentType='text/plain'>Hello</ContentData></WelcomeNote></GroupProperties>\
     <ScreenName groupID='G'>Ann</ScreenName>\
     <OwnProperties><Property><Name>ShowID</Name><Value>T</Value></Property></OwnProperties></CreateGroupRequest>",
    "<DeleteGroupRequest groupID='G'>M</DeleteGroupRequest>",
    "<JoinGroupRequest groupID='G' joinedListRequest='Yes' subscribeNotif='Yes'>M<ScreenName groupID='G'>Ann</ScreenName>\
     <OwnProperties><Property><Name>ShowID</Name><Value>T</Value></Property></OwnProperties></JoinGroupRequest>",
    "<JoinGroupResponse><Status code='200'/><JoinedList><Name>Ann</Name><Name>Bob</Name></JoinedList>\
     <WelcomeNote><ContentData contentType='text/plain' encoding='base64'>R0lG</ContentData></WelcomeNote>\
     </JoinGroupResponse>",
    "<LeaveGroupRequest groupID='G'>M</LeaveGroupRequest>",
    "<LeaveGroupIndication groupID='G'>M<User userID='B'/><Status code='800'/><ReasonText>Gone</ReasonText>\
     </LeaveGroupIndication>",
    "<GetGroupMemberRequest groupID='G'>M</GetGroupMemberRequest>",
    "<GetGroupMemberResponse><Status code='200'/><Admins><UserID userID='A'/></Admins>\
     <Moderators><UserID userID='B'/></Moderators><OrdinaryUsers><UserID userID='A'/><UserID userID='B'/>\
     </OrdinaryUsers></GetGroupMemberResponse>",
    "<GetJoinedUsersRequest groupID='G'>M</GetJoinedUsersRequest>",
    "<GetJoinedUsersResponse><Status code='200'/><JoinedUsers><UserMapList><UserMapping>\
     <Mapping><SName>Ann</SName><UserID userID='A'/></Mapping><Mapping><SName>Eve</SName></Mapping>\
     </UserMapping></UserMapList></JoinedUsers><JoinedBlocked><UserMapList><UserMapping>\
     <Mapping><SName>Bob</SName></Mapping></UserMapping></UserMapList></JoinedBlocked></GetJoinedUsersResponse>",
    "<AddGroupMemberRequest groupID='G'>M<UserID userID='B'/></AddGroupMemberRequest>",
    "<RemoveGroupMemberRequest groupID='G'>M<UserID userID='B'/></RemoveGroupMemberRequest>",
    "<MemberAccessRequest groupID='G'>M<Admins><UserID userID='B'/></Admins></MemberAccessRequest>",
    "<GetGroupPropsRequest groupID='G'>M</GetGroupPropsRequest>",
    "<GetGroupPropsResponse><Status code='200'/><GroupProperties><Property><Name>Topic</Name><Value>x</Value></Property>\
     </GroupProperties><OwnProperties><Property><Name>IsMember</Name><Value>F</Value></Property></OwnProperties>\
     </GetGroupPropsResponse>",
    "<SetGroupPropsRequest groupID='G'>M<GroupProperties><Property><Name>Topic</Name></Property></GroupProperties>\
     </SetGroupPropsRequest>",
    "<RejectListRequest groupID='G'>M<AddUsers><UserID userID='B'/></AddUsers><RemoveUsers><UserID userID='A'/>\
     </RemoveUsers></RejectListRequest>",
    "<RejectListResponse><Status code='200'/><RejectList><UserID userID='B'/></RejectList></RejectListResponse>",
    "<SubscribeGroupChangeRequest groupID='G'>M</SubscribeGroupChangeRequest>",
    "<UnsubscribeGroupChangeRequest groupID='G'>M</UnsubscribeGroupChangeRequest>",
    "<GetGroupSubStatusRequest groupID='G'>M</GetGroupSubStatusRequest>",
    "<GetGroupSubStatusResponse groupID='G' subscribed='Yes'><Status code='200'/></GetGroupSubStatusResponse>",
    "<GroupChangeNotice groupID='G'>M<User userID='A'/><User userID='B'/><Joined><Name>Ann</Name></Joined>\
     <Left><Name>Bob</Name><Name>Eve</Name></Left><JoinedBlocked><UserMapList><UserMapping>\
     <Mapping><SName>Max</SName></Mapping></UserMapping></UserMapList></JoinedBlocked>\
     <LeftBlocked><UserList><User userID='B'/><ScreenName groupID='G'>Pia</ScreenName></UserList></LeftBlocked>\
     <GroupProperties><Property><Name>Topic</Name><Value>x</Value></Property></GroupProperties></GroupChangeNotice>",
    "<ExtendConversationRequest extendConversationID='e'>M<UserID userID='B'/><ScreenName groupID='G'>Ann</ScreenName>\
     <WelcomeNote><ContentData>Hello</ContentData></WelcomeNote></ExtendConversationRequest>",
    "<ExtendConversationResponse extendConversationID='e' groupID='G'><Status code='200'/>\
     <ResponseNote>Fine</ResponseNote></ExtendConversationResponse>",
];

const MANAGEMENT: &[&str] = &[
    "<SendSecretToken serviceID='wv:@north.example' protocol='WV-SSP' protocolVersion='1.3'>\
     <SecretToken>4f6d</SecretToken></SendSecretToken>",
    "<LoginRequest serviceID='wv:@north.example' timeToLive='60'>\
     <PasswordDigest encoding='base64'>R0lG</PasswordDigest></LoginRequest>",
    "<LoginResponse sessionID='1@north.example' timeToLive='60'><Status code='301'/>\
     <RedirectList><URL>https://a/</URL><URL>https://b/</URL></RedirectList></LoginResponse>",
    "<KeepAliveRequest timeToLive='60'/>",
    "<KeepAliveResponse timeToLive='60'><Status code='200'/></KeepAliveResponse>",
    "<LogoutRequest><Status code='600'/></LogoutRequest>",
    "<Disconnect><Status code='601'/></Disconnect>",
    "<Status code='900'><StatusDescription>All wrong</StatusDescription><DetailedResult code='531'>\
     <StatusDescription>Who?</StatusDescription><UserID userID='B'/><GroupID groupID='G'/>\
     <ScreenName groupID='G'>Eve</ScreenName><MessageID messageID='m'/><ContactListID contactListID='l'/>\
     <Domain>south.example</Domain></DetailedResult><TryAgainTimeout>5</TryAgainTimeout></Status>",
    // agreements
    "<GetServiceRequest>M</GetServiceRequest>",
    "<GetServiceResponse><Status code='200'/><ServiceTree><Service name='Presence' role='Provider'>\
     <Function code='GETPR'/><Function code='GETWL'/></Service></ServiceTree></GetServiceResponse>",
    "<ServiceNegotiationRequest validity='86400'>M<ServiceTree><Service name='IM' role='Requestor' pse='hub.example'>\
     <MaxMessageSize>9000</MaxMessageSize><ContentType>text/plain</ContentType></Service></ServiceTree>\
     </ServiceNegotiationRequest>",
    "<ServiceNegotiationResponse validity='60'><Status code='200'/><ServiceTree><Service name='IM' role='Requestor'/>\
     </ServiceTree></ServiceNegotiationResponse>",
    // user profiles
    "<GetUserProfileRequest>M<UserID userID='B'/><ProfileFields names='Privacy Terminal'/></GetUserProfileRequest>",
    "<GetUserProfileResponse><Status code='200'/><UserProfile userID='B' profileID='1'><SubscribedServices>\
     <Service name='IM' status='Active'/></SubscribedServices><Preferences><Property><Name>a</Name><Value>T</Value>\
     </Property></Preferences><Privacy location='No' userInteraction='Yes'/></UserProfile></GetUserProfileResponse>",
    "<UpdateUserProfileRequest>M<UserProfile userID='B'><Terminal><Property><Name>a</Name><Value>b</Value></Property>\
     </Terminal><PublicProfile><Property><Name>PP_CITY</Name><Value>Ulm</Value></Property></PublicProfile></UserProfile>\
     </UpdateUserProfileRequest>",
    // user sessions
    "<UserLoginRequest loginID='n' userID='B' timeToLive='60'>M<ClientID url='c'/><DigestSchema>MD5</DigestSchema>\
     <DigestSchema>SHA</DigestSchema><DigestBytes>R0lG</DigestBytes><Capabilities><Property><Name>ParserSize</Name>\
     <Value>9000</Value></Property></Capabilities></UserLoginRequest>",
    "<UserLoginResponse loginID='n' userID='B' userSessionID='u' keepAliveTime='60'><Status code='401'/><Nonce>x</Nonce>\
     <DigestSchema>MD5</DigestSchema></UserLoginResponse>",
    "<UserLogoutRequest>M</UserLogoutRequest>",
    "<UserDisconnect userSessionID='u'>M<Status code='600'/></UserDisconnect>",
    "<UserKeepAliveRequest>M<UserSession userSessionID='u' timeToLive='60' poll='Yes'/></UserKeepAliveRequest>",
    "<UserKeepAliveResponse><Status code='200'/><UserSession userSessionID='u' keepAliveTime='60' waiting='2'/>\
     </UserKeepAliveResponse>",
    "<UserWakeUp>M<UserSession userSessionID='u'/></UserWakeUp>",
];

/// A document as it travels.
pub(super) fn document(short: &str) -> String {
    let mut inside = false;
    let mut long = String::new();
    for (at, part) in short.replace(">M<", &format!(">{META}<")).split('\'').enumerate() {
        inside = at % 2 == 1;
        let quote = if at > 0 { "\"" } else { "" };
        let part = match part {
            "A" if inside => "wv:ann@north.example",
            "B" if inside => "wv:bob@south.example",
            "G" if inside => "wv:ann/room@north.example",
            "P" if inside => PA,
            part => part,
        };
        long.extend([quote, part]);
    }
    assert!(!inside, "{short}");
    long
}

fn all() -> impl Iterator<Item = String> {
    [COMMON, PRESENCE, MESSAGING, GROUPS, MANAGEMENT].into_iter().flatten().map(|short| document(short))
}

#[test]
fn every_document_is_written_as_it_was_read() {
    let mut wrong = String::new();
    for document in all() {
        let (meta, said) = read(&document).unwrap_or_else(|error| panic!("{error}: {document}"));
        let Said::Known(primitive) = said else { panic!("{document}") };
        assert_eq!(meta.is_some(), document.contains("<MetaInfo"), "{document}");
        let written = write_fragment_telling(meta.as_ref(), &primitive, Version::V13, Quirks::default());
        let (fragment, losses) = written.unwrap();
        let written = std::str::from_utf8(&fragment).unwrap();
        if written != document || !losses.is_empty() {
            wrong += &format!("should be {document}\n       is {written}\n{losses:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn an_invitation_names_one_on_each_side() {
    let several = document(
        "<InviteRequest inviteID='i' inviteType='IM'><Inviting><User userID='A'/></Inviting><Invited><User userID='A'/>\
         <User userID='B'/><GroupID groupID='G'/></Invited></InviteRequest>",
    );
    let primitive = said(&several);
    let (fragment, losses) = write_fragment_telling(None, &primitive, Version::V13, Quirks::default()).expect("a form");
    let one = document(
        "<InviteRequest inviteID='i' inviteType='IM'><Inviting><User userID='A'/></Inviting>\
         <Invited><User userID='A'/></Invited></InviteRequest>",
    );
    assert_eq!(fragment, one);
    let losses: Vec<String> = losses.iter().map(ToString::to_string).collect();
    assert_eq!(losses, ["/Invite-Request/Recipient/User", "/Invite-Request/Recipient/Group"]);
}

#[test]
fn presence_attributes_are_in_the_namespace_of_the_version() {
    for (version, namespace) in [
        (Version::V11, "http://www.wireless-village.org/PA1.1"),
        (Version::V12, "http://www.openmobilealliance.org/DTD/WV-PA1.2"),
        (Version::V13, PA),
    ] {
        let fragment = document(
            "<UpdatePresenceRequest><PresenceSubList xmlns='P'><Alias/></PresenceSubList></UpdatePresenceRequest>",
        )
        .replace(PA, namespace);
        assert_eq!(write_fragment(None, &said(&fragment), version), fragment);
    }
}

#[test]
fn every_primitive_of_ssp_stands_in_a_document() {
    let told: Vec<Element> = all().map(|document| said(&document).element()).collect();
    for element in Primitive::ELEMENTS.iter().filter(|element| has_form(**element)) {
        assert!(told.contains(element), "{element:?}");
    }
}
