//! What is read beside what is written: each document means the same as the first of its row.

use super::documents::document;
use super::*;

/// What is written, and what means the same. `A`, `B`, `G`, `P` and `M` as in the documents.
const ROWS: &[&[&str]] = &[
    // Primitives under other names, in any case, with prefixes, padded.
    &[
        "<SubscribeRequest>M<UserID userID='B'/><AttributeList><PresenceSubList xmlns='P'><OnlineStatus/>\
         </PresenceSubList></AttributeList></SubscribeRequest>",
        "<SubscribePresenceRequest>M<UserID userID='B'/><AttributeList><PresenceSubList><OnlineStatus/>\
         </PresenceSubList></AttributeList></SubscribePresenceRequest>",
        "<subscriberequest>M<USERID USERID='B'/><attributelist><presencesublist xmlns='http://x/'><onlinestatus/>\
         </presencesublist></attributelist></subscriberequest>",
        "<w:SubscribeRequest xmlns:w='http://w/'>M<w:AttributeList><p:PresenceSubList xmlns:p='P'><p:OnlineStatus/>\
         </p:PresenceSubList></w:AttributeList><w:UserID userID=' wv:bob@south.example '/></w:SubscribeRequest>",
        "<SubscribeRequest><UserID>\n B \n</UserID><Of><Tomorrow/></Of>\n<PresenceSubList><OnlineStatus> </OnlineStatus>\
         <Vendor><Thing>x</Thing></Vendor></PresenceSubList>M</SubscribeRequest>",
        "<SubscribeRequest>M<User userID='B'/><AttributeList><PresenceSubList xmlns='P'><OnlineStatus/>\
         </PresenceSubList></AttributeList></SubscribeRequest>",
    ],
    &[
        "<SubscribeRequest>M<UserID userID='B'/></SubscribeRequest>",
        "<SubscribeRequest>M<UserID userID='B'/><AttributeList/></SubscribeRequest>",
        "<SubscribeRequest>M<UserID userid='B'/><AttributeList> </AttributeList></SubscribeRequest>",
    ],
    &[
        "<UnsubscribeRequest>M<UserID userID='B'/></UnsubscribeRequest>",
        "<UnsubscribePresenceRequest>M<UserID userID='B'/></UnsubscribePresenceRequest>",
    ],
    &[
        "<PresenceNotification><User userID='B'/><PresenceValue userID='A'><PresenceSubList xmlns='P'><OnlineStatus>\
         <Qualifier>T</Qualifier><PresenceValue>T</PresenceValue></OnlineStatus></PresenceSubList></PresenceValue>\
         </PresenceNotification>",
        "<PresenceNotificationRequest><PresenceValue userid='A'><PresenceSubList><OnlineStatus><PresenceValue>\n T \n\
         </PresenceValue><Qualifier>true</Qualifier></OnlineStatus></PresenceSubList></PresenceValue>\n<User userid='B'/>\
         </PresenceNotificationRequest>",
    ],
    &[
        "<GetPresenceRequest>M<VerUserID userID='B'/></GetPresenceRequest>",
        "<GetPresenceRequest>M<UserID userID='B'/></GetPresenceRequest>",
        "<GetPresenceRequest>M<VerUserID version='4' userID='B'/></GetPresenceRequest>",
    ],
    &[
        "<GetPresenceResponse><Status code='200'/><PresenceValue userID='A'/></GetPresenceResponse>",
        "<GetPresenceResponse><PresenceValue userID='A'/></GetPresenceResponse>",
        "<GetPresenceResponse><PresenceValue userID='A'></PresenceValue><Result code=' 200 '/></GetPresenceResponse>",
    ],
    &[
        "<AuthorizationResponse acceptance='No'>M<UserID userID='B'/></AuthorizationResponse>",
        "<PresenceAuthUser acceptance='F'>M<UserID userID='B'/></PresenceAuthUser>",
    ],
    &[
        "<CancelAuthorizationRequest>M<UserID userID='B'/></CancelAuthorizationRequest>",
        "<CancelAuthRequest>M<UserID userID='B'/></CancelAuthRequest>",
    ],
    // Flags.
    &[
        "<InviteResponse inviteID='i' acceptance='Yes'><Inviting><User userID='A'/></Inviting>\
         <Responding><User userID='B'/></Responding></InviteResponse>",
        "<InviteResponse inviteID='i' acceptance='T'><Responding><User userID='B'/></Responding>\
         <Inviting><User userID='A'/></Inviting></InviteResponse>",
        "<InviteResponse INVITEID='i' Acceptance=' true '><Inviting><user userid='A'/></Inviting>\
         <Responding><User userID='B'></User></Responding></InviteResponse>",
    ],
    &[
        "<GetListResponse><Status code='200'/><ContactListID contactListID='l'/>\
         <ContactListID default='Yes' contactListID='d'/></GetListResponse>",
        "<GetListResponse><ContactListID contactListID='d' default='t'/><ContactListID default='No' contactListID='l'/>\
         </GetListResponse>",
    ],
    &[
        "<GetBlockedListResponse><Status code='200'/><BlockList inUse='No'/></GetBlockedListResponse>",
        "<GetBlockedListResponse><BlockList inUse='false'> </BlockList></GetBlockedListResponse>",
    ],
    &[
        "<BlockEntityRequest>M<BlockList><Add><UserID userID='B'/></Add></BlockList></BlockEntityRequest>",
        "<BlockUserRequest>M<BlockList><AddList><UserID userID='B'/></AddList></BlockList></BlockUserRequest>",
    ],
    // Invitations.
    &[
        "<InviteRequest inviteID='i' inviteType='SC' validity='60'>M<Inviting><User userID='A'/></Inviting>\
         <Invited><User userID='B'/></Invited><ContentIDList><ContentID url='u'/></ContentIDList>\
         <InviteNote>Look</InviteNote></InviteRequest>",
        "<InviteRequest validity=' 60 ' inviteType='SC' inviteID='i'>M<InviteNote>\n  Look\n</InviteNote>\
         <ContentIDList><URL> u </URL></ContentIDList><Invited>\n<User userID='B'/></Invited>\
         <Inviting><User userID='A'/></Inviting></InviteRequest>",
    ],
    &[
        "<CancelInviteRequest inviteID='i'>M<Canceling><User userID='A'/></Canceling><Canceled><User userID='B'/>\
         </Canceled><CancelNote>No</CancelNote></CancelInviteRequest>",
        "<CancelInviteRequest inviteID='i'>M<Canceling><User userID='A'/></Canceling><Canceled><User userID='B'/>\
         </Canceled><InviteNote>No</InviteNote></CancelInviteRequest>",
    ],
    // Messages.
    &[
        "<NewMessage><MessageInfo messageID='m' contentType='image/gif'><Recipient><User userID='B'/></Recipient>\
         <Recipient><User userID='A'/></Recipient><Sender><GroupID groupID='G'/><SenderDisplay>\
         <ScreenName groupID='G'>Ann</ScreenName></SenderDisplay></Sender></MessageInfo>\
         <ContentData contentType='image/gif' encoding='base64'>R0lGODlh</ContentData></NewMessage>",
        "<NewMessage><ContentData contentType='image/gif' encoding='BASE64'>\n R0lG\n ODlh \n</ContentData>\
         <MessageInfo messageID='m'><Sender><SenderDisplay><ScreenNames groupID='G'> Ann </ScreenNames>\
         </SenderDisplay><GroupID groupID='G'/></Sender><Recipient><User userID='B'/><User userID='A'/></Recipient>\
         </MessageInfo></NewMessage>",
        "<NewMessage><MessageInfo messageID='m'><Recipient><User userID='B'/><RecipientDisplay><Name>x</Name>\
         </RecipientDisplay></Recipient><Recipient><User userID='A'/></Recipient><Sender><GroupID groupID='G'/>\
         <SenderDisplay><Name>Ann</Name></SenderDisplay></Sender></MessageInfo>\
         <ContentData encoding='base64' contentType='image/gif'>R0lGODlh</ContentData></NewMessage>",
    ],
    &[
        "<NewMessage><MessageInfo messageID='m'/><ContentData>Hi</ContentData></NewMessage>",
        "<NewMessage><MessageInfo messageID='m'/><ContentData encoding='None'>Hi</ContentData></NewMessage>",
        "<NewMessage><MessageInfo messageID='m'/><ContentData><![CDATA[Hi]]></ContentData></NewMessage>",
    ],
    &[
        "<SendMessageResponse messageID='m'><Status code='200'/></SendMessageResponse>",
        "<SendMessageResponse messageID='m'/>",
        "<SendMessageResponse MessageID='m'> <STATUS CODE='200'></STATUS> </SendMessageResponse>",
    ],
    &[
        "<GetMessageListResponse><Status code='200'/><MessageInfo messageID='m'/></GetMessageListResponse>",
        "<GetMessageListResponse><MessageInfo messageID='m'></MessageInfo></GetMessageListResponse>",
    ],
    // Groups.
    &[
        "<JoinGroupResponse><Status code='200'/><JoinedList><Name>Ann</Name><Name>Bob</Name></JoinedList>\
         <WelcomeNote><ContentData contentType='text/plain' encoding='base64'>SGk=</ContentData></WelcomeNote>\
         </JoinGroupResponse>",
        "<JoinGroupResponse><WelcomeNote>\n<ContentData encoding='base64' contentType='text/plain'>\nSGk=\n\
         </ContentData></WelcomeNote><JoinedList>\n <Name>\n Ann</Name>\n <name>Bob </name>\n</JoinedList>\
         </JoinGroupResponse>",
    ],
    &[
        "<GroupChangeNotice groupID='G'><User userID='A'/><Joined><Name>Ann</Name></Joined><Left><Name>Bob</Name></Left>\
         </GroupChangeNotice>",
        "<GroupChangeNotice groupID='G'><Left> <Name> Bob </Name> </Left><User userID='A'/><Joined><Name>Ann</Name></Joined>\
         </GroupChangeNotice>",
    ],
    &[
        "<LeaveGroupIndication groupID='G'><Status code='200'/></LeaveGroupIndication>",
        "<LeaveGroupResponse groupID='G'><Status code='200'/></LeaveGroupResponse>",
        "<LeaveGroupIndication groupID='G'/>",
    ],
    &[
        "<GetGroupMemberRequest groupID='G'>M</GetGroupMemberRequest>",
        "<GetGroupMembersRequest groupID='G'>M</GetGroupMembersRequest>",
    ],
    &[
        "<GetGroupMemberResponse><Status code='200'/><Admins><UserID userID='A'/></Admins><Moderators>\
         <UserID userID='B'/></Moderators><OrdinaryUsers><UserID userID='B'/></OrdinaryUsers></GetGroupMemberResponse>",
        "<GetGroupMembersResponse><OrdinaryUsers><UserID userid='B'/></OrdinaryUsers><Moderators><User userID='B'/>\
         </Moderators><Admins><UserID userID='A'/></Admins></GetGroupMembersResponse>",
    ],
    &[
        "<AddGroupMemberRequest groupID='G'>M<UserID userID='B'/></AddGroupMemberRequest>",
        "<AddGroupMembersRequest groupID='G'>M<UserID userID='B'/></AddGroupMembersRequest>",
    ],
    &[
        "<RemoveGroupMemberRequest groupID='G'>M<UserID userID='B'/></RemoveGroupMemberRequest>",
        "<RemoveGroupMembersRequest groupID='G'>M<UserID userID='B'/></RemoveGroupMembersRequest>",
    ],
    &[
        "<GetJoinedUsersResponse><Status code='200'/><JoinedUsers><UserMapList><UserMapping><Mapping><SName>Ann</SName>\
         <UserID userID='A'/></Mapping></UserMapping></UserMapList></JoinedUsers></GetJoinedUsersResponse>",
        "<GetJoinedUsersResponse><JoinedUser>\n<UserMapList><UserMapping><Mapping><UserID userid='A'/><SName> Ann </SName>\
         </Mapping></UserMapping></UserMapList></JoinedUser></GetJoinedUsersResponse>",
    ],
    &[
        "<RejectListRequest groupID='G'>M<AddUsers><UserID userID='B'/></AddUsers></RejectListRequest>",
        "<RejectListRequest groupID='G'>M<AddList><UserID userID='B'/></AddList></RejectListRequest>",
    ],
    &[
        "<GetGroupSubStatusResponse groupID='G' subscribed='No'><Status code='200'/></GetGroupSubStatusResponse>",
        "<GetGroupSubStatusResponse subscribed='f' groupID='G'/>",
    ],
    // Outcomes.
    &[
        "<Status code='201'><DetailedResult code='531'><UserID userID='B'/><ScreenName groupID='G'>x</ScreenName>\
         </DetailedResult></Status>",
        "<Result code='201'><DetailedResult code='531'><ScreenNames groupID='G'>x</ScreenNames><UserID>B</UserID>\
         </DetailedResult></Result>",
    ],
    &["<Status code='404'/>", "<Status/>", "<status></status>"],
    // Agreements.
    &[
        "<ServiceNegotiationRequest>M<ServiceTree><Service name='IM' role='Provider'/></ServiceTree>\
         </ServiceNegotiationRequest>",
        "<ServiceRequest>M<ServiceTree><Service role='Provider' name='IM'></Service></ServiceTree></ServiceRequest>",
    ],
    &[
        "<ServiceNegotiationResponse><Status code='506'/></ServiceNegotiationResponse>",
        "<ServiceResponse><Status code='506'/></ServiceResponse>",
    ],
];

#[test]
fn what_is_spelled_otherwise_means_the_same() {
    let mut wrong = String::new();
    for row in ROWS {
        let [first, others @ ..] = row else { panic!("an empty row") };
        let first = document(first);
        let (meta, said) = read(&first).unwrap_or_else(|error| panic!("{error}: {first}"));
        for other in others {
            // Elements named by their characters hold users and urls as well.
            let other = document(
                &other.replace(">B<", ">wv:bob@south.example<").replace("\n B \n", "\n wv:bob@south.example \n"),
            );
            match read(&other) {
                Ok(read) if read == (meta.clone(), said.clone()) => {}
                Ok((_, read)) => wrong += &format!("{other}\n{read:?}\nnot\n{said:?}\n\n"),
                Err(error) => wrong += &format!("{other}\n{error}\n\n"),
            }
        }
        // Padding, and elements nobody knows, between all others.
        let padded = first.replace("><", ">\n  <New of='tomorrow'><Thing/></New>\n  <");
        if !first.contains("><Name") && !first.contains("ContentData") {
            let read = read(&padded).unwrap_or_else(|error| panic!("{error}: {padded}"));
            assert_eq!(read, (meta, said), "{padded}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
