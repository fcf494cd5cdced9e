//! Messages, block lists and groups from one version to another.

use super::*;
use crate::vocabulary::Version::{V11, V12, V13};
use crate::vocabulary::block::{AccessList, BlockEntityRequest};
use crate::vocabulary::group::people::{Mapping, People};
use crate::vocabulary::group::{JoinGroupResponse, LeaveGroupResponse};
use crate::vocabulary::party::{Recipient, User};
use crate::vocabulary::user_session::UserWakeUp;

const ANN: &str = "<UserID>wv:ann@north.example</UserID>";
const BOB: &str = "<UserID>wv:bob@south.example</UserID>";
const GROUP: &str = "<GroupID>wv:ann/room@north.example</GroupID>";

/// A message of a version around a primitive.
fn around(version: Version, content: &str) -> String {
    let frame = message(version, Some("s"), Mode::Request, Some("1"), Empty.into());
    let frame = String::from_utf8(write(&frame, Encoding::Xml).to_vec()).unwrap();
    assert!(frame.contains("<Polling-Request/>"));
    frame.replace("<Polling-Request/>", content)
}

fn read_in(version: Version, content: &str) -> Result<Primitive, DecodeError> {
    match read_plainly(around(version, content).as_bytes(), Encoding::Xml) {
        Ok(mut message) => match message.transactions.remove(0).said {
            Said::Known(primitive) => Ok(primitive),
            Said::Unknown(name) => panic!("{name}"),
        },
        Err(error) => Err(error.fault),
    }
}

fn said(version: Version, content: &str) -> Primitive {
    read_in(version, content).unwrap_or_else(|fault| panic!("{content}: {fault}"))
}

/// What is written in a version, and what has no place in it.
fn written(version: Version, primitive: &Primitive) -> (String, Vec<String>) {
    let sent = message(version, Some("s"), Mode::Request, Some("1"), primitive.clone());
    let (text, losses) = write_telling(&sent, Encoding::Xml);
    let text = String::from_utf8(text.to_vec()).unwrap();
    let content = text.split_once("<TransactionContent").unwrap().1.split_once('>').unwrap().1;
    let content = content.rsplit_once("</TransactionContent>").map_or("", |(content, _)| content);
    let lost = losses.iter().map(ToString::to_string);
    let lost = lost.map(|loss| loss.rsplit_once("TransactionContent/").unwrap().1.to_owned()).collect();
    (content.to_owned(), lost)
}

/// People as names of the group.
fn names(names: &[&str]) -> String {
    names.iter().map(|name| format!("<ScreenName><SName>{name}</SName>{GROUP}</ScreenName>")).collect()
}

/// People as mappings.
fn maps(names: &[&str]) -> String {
    let maps: String = names.iter().map(|name| format!("<Mapping><SName>{name}</SName></Mapping>")).collect();
    format!("<UserMapList><UserMapping>{maps}</UserMapping></UserMapList>")
}

fn users(ids: &[&str]) -> String {
    let users: String = ids.iter().map(|id| format!("<User>{id}</User>")).collect();
    format!("<UserList>{users}</UserList>")
}

#[test]
fn one_meaning_is_written_in_the_form_of_each_version() {
    let entities = format!("<EntityList>{ANN}{GROUP}</EntityList>");
    let change = format!("<AddList>{ANN}</AddList><RemoveList>{BOB}</RemoveList>");
    let info = |id: &str| format!("<MessageInfo><MessageID>{id}</MessageID></MessageInfo>");
    let (one, two) = (info("1"), info("2"));
    let (ann, both) = (users(&[ANN]), users(&[ANN, BOB]));
    let (came, went) = (&["An", "Bo"][..], &["Cy"][..]);
    // The name, and what 1.1, 1.2 and 1.3 have inside.
    for (name, forms) in [
        (
            "GetBlockedList-Response",
            [
                format!("<BlockList><InUse>T</InUse>{entities}</BlockList><GrantList><InUse>F</InUse></GrantList>"),
                format!("<BlockList><InUse>T</InUse>{entities}</BlockList><GrantList><InUse>F</InUse></GrantList>"),
                format!(
                    "<BlockList>{entities}</BlockList><BlockListInUse>T</BlockListInUse>\
                     <GrantListInUse>F</GrantListInUse>"
                ),
            ],
        ),
        (
            "BlockEntity-Request",
            [
                format!("<BlockList>{change}</BlockList><GrantList><InUse>T</InUse>{change}</GrantList>"),
                format!("<BlockList>{change}</BlockList><GrantList><InUse>T</InUse>{change}</GrantList>"),
                format!(
                    "<BlockList>{change}</BlockList><GrantList>{change}</GrantList><GrantListInUse>T</GrantListInUse>"
                ),
            ],
        ),
        (
            "GetMessageList-Response",
            [format!("{one}{two}"), format!("{one}{two}"), format!("<MessageInfoList>{one}{two}</MessageInfoList>")],
        ),
        (
            "AddGroupMembers-Request",
            [format!("{GROUP}{both}"), format!("{GROUP}{both}"), format!("{GROUP}<UserIDList>{ANN}{BOB}</UserIDList>")],
        ),
        (
            "RemoveGroupMembers-Request",
            [format!("{GROUP}{ann}"), format!("{GROUP}{ann}"), format!("{GROUP}<UserIDList>{ANN}</UserIDList>")],
        ),
        (
            "GetGroupMembers-Response",
            [
                format!("<Admin>{ann}</Admin><Mod>{both}</Mod><Users>{both}</Users>"),
                format!("<Admin>{ann}</Admin><Mod>{both}</Mod><Users>{both}</Users>"),
                format!("<Admin>{ann}</Admin><Mod>{both}</Mod>{both}"),
            ],
        ),
        (
            "MemberAccess-Request",
            [
                format!("{GROUP}<Mod>{ann}</Mod><Users>{both}</Users>"),
                format!("{GROUP}<Mod>{ann}</Mod><Users>{both}</Users>"),
                format!("{GROUP}<Mod>{ann}</Mod>{both}"),
            ],
        ),
        (
            "GroupChangeNotice",
            [
                format!("{GROUP}<Joined>{}</Joined><Left>{}</Left>", names(came), names(went)),
                format!("{GROUP}<Joined>{}</Joined><Left><UserList>{}</UserList></Left>", maps(came), names(went)),
                format!("{GROUP}<Joined>{}</Joined><Left><UserList>{}</UserList></Left>", maps(came), names(went)),
            ],
        ),
    ] {
        let forms = forms.map(|form| format!("<{name}>{form}</{name}>"));
        for (from, form) in Version::ALL.into_iter().zip(&forms) {
            let primitive = said(from, form);
            for (to, expected) in Version::ALL.into_iter().zip(&forms) {
                assert_eq!(written(to, &primitive), (expected.clone(), Vec::new()), "{name} {from} → {to}");
                // Whatever its form, it means the same in every version.
                assert_eq!(said(to, form), primitive, "{name} {from} in {to}");
            }
        }
    }
}

#[test]
fn the_names_of_those_joined_tell_their_group_in_1_1() {
    let old = format!("<JoinGroup-Response><UserList>{}</UserList></JoinGroup-Response>", names(&["An", "Bo"]));
    let new = format!("<JoinGroup-Response>{}</JoinGroup-Response>", maps(&["An", "Bo"]));
    let joined = People(vec![Mapping::named("An"), Mapping::named("Bo")]);
    let group = Some("wv:ann/room@north.example".into());
    let expected = JoinGroupResponse { group, joined, ..JoinGroupResponse::default() };
    assert_eq!(said(V11, &old), Primitive::JoinGroupResponse(expected.clone()));
    assert_eq!(written(V11, &expected.clone().into()), (old, Vec::new()));
    for version in [V12, V13] {
        assert_eq!(written(version, &expected.clone().into()), (new.clone(), Vec::new()));
        assert_eq!(said(version, &new), JoinGroupResponse { group: None, ..expected.clone() }.into());
    }
}

#[test]
fn other_forms_met_are_read_as_well() {
    let entities = format!("<EntityList>{ANN}</EntityList>");
    let mapped = |user: &str| format!("<Mapping><SName>An</SName>{user}</Mapping>");
    let inner = format!("<BlockList><InUse>T</InUse>{entities}</BlockList>");
    let notice = |inside: &str| format!("<GroupChangeNotice>{GROUP}{inside}</GroupChangeNotice>");
    let members = |inside: &str| format!("<AddGroupMembers-Request>{GROUP}{inside}</AddGroupMembers-Request>");
    let roles = |inside: &str| format!("<GetGroupMembers-Response>{inside}</GetGroupMembers-Response>");
    let messages = |inside: &str| format!("<GetMessageList-Response>{inside}</GetMessageList-Response>");
    let joined = |inside: &str| format!("<JoinGroup-Response>{inside}</JoinGroup-Response>");
    let lists = |inside: &str| format!("<BlockEntity-Request>{inside}</BlockEntity-Request>");
    let info = |id: &str| format!("<MessageInfo><MessageID>{id}</MessageID></MessageInfo>");
    for (odd, usual) in [
        // The name in the tables of 1.1.
        (format!("<BlockUser-Request>{inner}</BlockUser-Request>"), lists(&inner)),
        (lists(&format!("<BlockListInUse>T</BlockListInUse><BlockList>{entities}</BlockList>")), lists(&inner)),
        (lists(&format!("<BlockList>{entities}<InUse> t </InUse></BlockList>")), lists(&inner)),
        // Said twice, the newer place counts.
        (lists(&inner.replace(">T<", ">F<").replacen('<', "<BlockListInUse>T</BlockListInUse><", 1)), lists(&inner)),
        // Empty flags say nothing.
        (
            lists("<BlockList><InUse/></BlockList><GrantList/><GrantListInUse/>"),
            lists("<BlockList></BlockList><GrantList></GrantList>"),
        ),
        (lists("<GrantListInUse/>"), lists("")),
        (
            notice(&format!("<Joined><UserList>{}</UserList></Joined>", names(&["An"]))),
            notice(&format!("<Joined>{}</Joined>", names(&["An"]))),
        ),
        (notice(&format!("<Joined>{}</Joined>", mapped(ANN))), {
            let map = format!("<UserMapList><UserMapping>{}</UserMapping></UserMapList>", mapped(ANN));
            notice(&format!("<Joined>{map}</Joined>"))
        }),
        (
            notice(&format!("<Left>{}</Left>", maps(&["An"]))),
            notice(&format!("<Left><UserList>{}</UserList></Left>", names(&["An"]))),
        ),
        // The group told by the names alone.
        (
            format!("<GroupChangeNotice><Left>{}</Left></GroupChangeNotice>", names(&["An"])),
            notice(&format!("<Left>{}</Left>", names(&["An"]))),
        ),
        (joined(&format!("<Joined>{}</Joined>", maps(&["An"]))), joined(&maps(&["An"]))),
        (joined(&format!("<UserMapList>{}</UserMapList>", mapped(""))), joined(&maps(&["An"]))),
        (members(&format!("{ANN}<UserIDList>{BOB}</UserIDList>")), members(&users(&[ANN, BOB]))),
        (
            roles(&format!("<Admin><UserIDList>{ANN}</UserIDList></Admin><Mod><User>{BOB}</User></Mod>")),
            roles(&format!("<Admin>{}</Admin><Mod>{}</Mod>", users(&[ANN]), users(&[BOB]))),
        ),
        (
            messages(&format!("{}<MessageInfoList>{}</MessageInfoList>", info("1"), info("2"))),
            messages(&format!("{}{}", info("1"), info("2"))),
        ),
        (
            format!(
                "<LeaveGroup-Response><Result><Code>800</Code></Result>{GROUP}<Vendor>1</Vendor></LeaveGroup-Response>"
            ),
            format!("<LeaveGroup-Response>{GROUP}<Result><Code>800</Code></Result></LeaveGroup-Response>"),
        ),
    ] {
        for version in Version::ALL {
            assert_eq!(said(version, &odd), said(version, &usual), "{version}: {odd}");
        }
    }
}

#[test]
fn lists_that_contradict_themselves_are_refused() {
    let lists = |inside: &str| read_in(V12, &format!("<BlockEntity-Request>{inside}</BlockEntity-Request>"));
    assert_eq!(lists("<BlockList/><BlockList/>"), Err(DecodeError::Twice(Element::BlockList)));
    assert_eq!(lists("<BlockList><AddList/><AddList/></BlockList>"), Err(DecodeError::Twice(Element::AddList)));
    assert_eq!(lists("<BlockList><InUse>maybe</InUse></BlockList>"), Err(DecodeError::Value(Element::InUse)));
    assert_eq!(lists("<GrantListInUse>2</GrantListInUse>"), Err(DecodeError::Value(Element::GrantListInUse)));
    let notice = read_in(V12, "<GroupChangeNotice><Joined/></GroupChangeNotice>");
    assert_eq!(notice, Err(DecodeError::Missing(Element::GroupId)));
}

#[test]
fn a_list_replaced_by_nobody_is_not_a_list_left_alone() {
    for version in Version::ALL {
        for list in [
            None,
            Some(AccessList::default()),
            Some(AccessList { entities: Some(Default::default()), ..AccessList::default() }),
            Some(AccessList { in_use: Some(false), ..AccessList::default() }),
        ] {
            let change = BlockEntityRequest { block: None, grant: list };
            assert_eq!(said(version, &written(version, &change.clone().into()).0), change.into(), "{version}");
        }
    }
}

#[test]
fn what_a_version_of_groups_and_lists_cannot_carry_is_told() {
    let person = |name: &str| format!("<Mapping><SName>{name}</SName>{ANN}</Mapping>");
    let people = |name: &str| format!("<UserMapList><UserMapping>{}</UserMapping></UserMapList>", person(name));
    let notice = format!(
        "<GroupChangeNotice>{GROUP}<Joined>{}</Joined><Left>{}</Left><JoinedBlocked>{}</JoinedBlocked>\
         <LeftBlocked>{}</LeftBlocked></GroupChangeNotice>",
        people("An"),
        users(&[BOB]),
        people("Bo"),
        users(&[BOB]),
    );
    let property = "<Property><Name>ShowID</Name><Value>T</Value></Property>";
    let property = format!("<OwnProperties>{property}</OwnProperties>");
    // What is said, the version it is written in, what is left out.
    for (content, to, expected) in [
        (notice.clone(), V13, &[][..]),
        (notice.clone(), V12, &["GroupChangeNotice/JoinedBlocked", "GroupChangeNotice/LeftBlocked"]),
        (
            notice,
            V11,
            &[
                "GroupChangeNotice/Joined/ScreenName/UserID",
                "GroupChangeNotice/Left",
                "GroupChangeNotice/JoinedBlocked",
                "GroupChangeNotice/LeftBlocked",
            ],
        ),
        (
            format!("<JoinGroup-Response>{}</JoinGroup-Response>", people("An")),
            V11,
            &["JoinGroup-Response/UserList/ScreenName/UserID"],
        ),
        (
            format!("<GroupChangeNotice>{GROUP}<Left>{}</Left></GroupChangeNotice>", people("An")),
            V13,
            &["GroupChangeNotice/Left/UserList/ScreenName/UserID"],
        ),
        (
            format!(
                "<GroupChangeNotice>{GROUP}<Left><UserList><User>{BOB}</User>{}</UserList></Left></GroupChangeNotice>",
                names(&["An"])
            ),
            V11,
            &["GroupChangeNotice/Left/User"],
        ),
        (
            format!("<CreateGroup-Request>{GROUP}{property}</CreateGroup-Request>"),
            V12,
            &["CreateGroup-Request/OwnProperties"],
        ),
        (
            format!("<JoinGroup-Request>{GROUP}{property}</JoinGroup-Request>"),
            V11,
            &["JoinGroup-Request/OwnProperties"],
        ),
        (
            format!("<GetGroupMembers-Request>{GROUP}<Value>Mod</Value></GetGroupMembers-Request>"),
            V12,
            &["GetGroupMembers-Request/Value"],
        ),
        (
            format!(
                "<AddGroupMembers-Request>{GROUP}<UserList><User>{ANN}<ClientID><URL>c</URL></ClientID></User>\
                 </UserList></AddGroupMembers-Request>"
            ),
            V13,
            &["AddGroupMembers-Request/UserIDList/UserID/ClientID"],
        ),
        (
            format!(
                "<BlockEntity-Request><BlockList><AddList>{ANN}<ContactList>l</ContactList>\
                 <ApplicationID>a</ApplicationID></AddList></BlockList></BlockEntity-Request>"
            ),
            V12,
            &[
                "BlockEntity-Request/BlockList/AddList/ContactList",
                "BlockEntity-Request/BlockList/AddList/ApplicationID",
            ],
        ),
        (
            "<SetDeliveryMethod-Request><DeliveryMethod>P</DeliveryMethod><GroupContentLimit>9</GroupContentLimit>\
             </SetDeliveryMethod-Request>"
                .into(),
            V12,
            &["SetDeliveryMethod-Request/GroupContentLimit"],
        ),
        (
            "<SetDeliveryMethod-Request><AcceptedContentLength>9</AcceptedContentLength></SetDeliveryMethod-Request>"
                .into(),
            V13,
            &["SetDeliveryMethod-Request/AcceptedContentLength"],
        ),
        (
            format!(
                "<ForwardMessage-Request><MessageID>1</MessageID><Sender><User>{ANN}</User></Sender>\
                 </ForwardMessage-Request>"
            ),
            V12,
            &["ForwardMessage-Request/Sender"],
        ),
        (
            "<GetMessageList-Response><MessageTotalCount>7</MessageTotalCount></GetMessageList-Response>".into(),
            V12,
            &["GetMessageList-Response/MessageTotalCount"],
        ),
        (
            "<MessageNotification><MessageInfo><ExtBlockETEM>e</ExtBlockETEM></MessageInfo></MessageNotification>"
                .into(),
            V12,
            &["MessageNotification/MessageInfo/ExtBlockETEM"],
        ),
        // Primitives the version lacks.
        (format!("<GetJoinedUsers-Request>{GROUP}</GetJoinedUsers-Request>"), V11, &["GetJoinedUsers-Request"]),
        (
            "<ForwardMessage-Response><MessageID>1</MessageID></ForwardMessage-Response>".into(),
            V12,
            &["ForwardMessage-Response"],
        ),
        ("<ExtendConversation-Request/>".into(), V12, &["ExtendConversation-Request"]),
    ] {
        let primitive = said(V13, &content);
        let (text, lost) = written(to, &primitive);
        assert_eq!(lost, expected, "{content} → {to}");
        // What is left is read again and loses nothing more.
        if !text.is_empty() {
            assert_eq!(written(to, &said(to, &text)), (text, Vec::new()));
        }
    }
}

#[test]
fn what_only_ssp_carries_is_left_out_and_told() {
    let user = Some(User { id: "wv:ann@north.example".into(), session: Some("s".into()), ..User::default() });
    let answer = LeaveGroupResponse {
        user: user.clone(),
        group: Some("g".into()),
        outcome: Code::SUCCESS.into(),
        reason: Some("bye".into()),
    };
    let joined = JoinGroupResponse { outcome: Some(Code::SUCCESS.into()), ..JoinGroupResponse::default() };
    let info = MessageInfo {
        recipient: Some(Recipient { users: user.clone().into_iter().collect(), ..Recipient::default() }),
        ..MessageInfo::default()
    };
    for (primitive, expected) in [
        (Primitive::from(answer), &["LeaveGroup-Response/User", "LeaveGroup-Response/ReasonText"][..]),
        (joined.into(), &["JoinGroup-Response/Result"]),
        (
            NewMessage { user, info, content: None }.into(),
            &["NewMessage/User", "NewMessage/MessageInfo/Recipient/User/UserSessionID"],
        ),
        (UserWakeUp::default().into(), &["UserWakeUp"]),
    ] {
        for version in Version::ALL {
            assert_eq!(written(version, &primitive).1, expected, "{version}");
        }
    }
}
