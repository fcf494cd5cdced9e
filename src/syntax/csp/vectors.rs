//! Documents in both encodings, byte for byte.

/// A document: its version's digits, XML without declaration, WBXML in hexadecimal.
pub(in crate::syntax) struct Vector {
    pub(in crate::syntax) xml: &'static str,
    pub(in crate::syntax) wbxml: &'static str,
}

impl Vector {
    /// The bytes of the WBXML form.
    pub(in crate::syntax) fn bytes(&self) -> Vec<u8> {
        self.wbxml.split_whitespace().map(|digits| u8::from_str_radix(digits, 16).unwrap()).collect()
    }
}

pub(in crate::syntax) const LOGIN_REQUEST: Vector = Vector {
    xml: concat!(
        r#"<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session><SessionDescriptor>"#,
        r#"<SessionType>Outband</SessionType></SessionDescriptor><Transaction><TransactionDescriptor>"#,
        r#"<TransactionMode>Request</TransactionMode><TransactionID>1</TransactionID></TransactionDescriptor>"#,
        r#"<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2"><Login-Request>"#,
        r#"<UserID>wv:ann@example.org</UserID><ClientID><URL>http://c.example.org/1</URL></ClientID>"#,
        r#"<Password>pw</Password><TimeToLive>3600</TimeToLive><SessionCookie>ck1</SessionCookie>"#,
        r#"</Login-Request></TransactionContent></Transaction></Session></WV-CSP-Message>"#,
    ),
    wbxml: "\
        03 11 6A 00 C9 08 03 31 2E 32 00 01 6D 6E 70 80 19 01 01 72 74 76 80 20 01 75 03 31 00 01 01 F3 \
        0A 03 31 2E 32 00 01 00 01 5D 00 00 7A 03 77 76 3A 61 6E 6E 40 65 78 61 6D 70 6C 65 2E 6F 72 67 \
        00 01 4A 77 03 68 74 74 70 3A 2F 2F 63 2E 65 78 61 6D 70 6C 65 2E 6F 72 67 2F 31 00 01 01 00 01 \
        61 03 70 77 00 01 72 C3 02 0E 10 01 70 03 63 6B 31 00 01 01 01 01 01 01 \
    ",
};

pub(in crate::syntax) const LOGIN_RESPONSE: Vector = Vector {
    xml: concat!(
        r#"<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session><SessionDescriptor>"#,
        r#"<SessionType>Outband</SessionType></SessionDescriptor><Transaction><TransactionDescriptor>"#,
        r#"<TransactionMode>Response</TransactionMode><TransactionID>1</TransactionID></TransactionDescriptor>"#,
        r#"<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2"><Login-Response>"#,
        r#"<ClientID><URL>http://c.example.org/1</URL></ClientID><Result><Code>200</Code></Result><SessionID>s1"#,
        r#"</SessionID><KeepAliveTime>3600</KeepAliveTime><CapabilityRequest>T</CapabilityRequest>"#,
        r#"</Login-Response></TransactionContent></Transaction></Session></WV-CSP-Message>"#,
    ),
    wbxml: "\
        03 11 6A 00 C9 08 03 31 2E 32 00 01 6D 6E 70 80 19 01 01 72 74 76 80 21 01 75 03 31 00 01 01 F3 \
        0A 03 31 2E 32 00 01 00 01 5E 00 00 4A 77 03 68 74 74 70 3A 2F 2F 63 2E 65 78 61 6D 70 6C 65 2E \
        6F 72 67 2F 31 00 01 01 6A 4B C3 01 C8 01 01 6F 03 73 31 00 01 00 01 5C C3 02 0E 10 01 4B 80 2C \
        01 01 01 01 01 01 \
    ",
};

pub(in crate::syntax) const POLLING_REQUEST: Vector = Vector {
    xml: concat!(
        r#"<WV-CSP-Message xmlns="http://www.wireless-village.org/CSP1.1"><Session><SessionDescriptor>"#,
        r#"<SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor><Transaction>"#,
        r#"<TransactionDescriptor><TransactionMode>Request</TransactionMode></TransactionDescriptor>"#,
        r#"<TransactionContent xmlns="http://www.wireless-village.org/TRC1.1"><Polling-Request/>"#,
        r#"</TransactionContent></Transaction></Session></WV-CSP-Message>"#,
    ),
    wbxml: "\
        03 10 6A 00 C9 05 03 31 2E 31 00 01 6D 6E 70 80 11 01 6F 03 73 31 00 01 01 72 74 76 80 20 01 01 \
        F3 07 03 31 2E 31 00 01 00 01 22 01 01 01 01 \
    ",
};

pub(in crate::syntax) const PRESENCE_NOTIFICATION: Vector = Vector {
    xml: concat!(
        r#"<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/WV-CSP1.2"><Session><SessionDescriptor>"#,
        r#"<SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor><Transaction>"#,
        r#"<TransactionDescriptor><TransactionMode>Request</TransactionMode><TransactionID>srv7</TransactionID>"#,
        r#"</TransactionDescriptor><TransactionContent xmlns="http://www.openmobilealliance.org/DTD/WV-TRC1.2">"#,
        r#"<PresenceNotification-Request><Presence><UserID>wv:bob@example.org</UserID>"#,
        r#"<PresenceSubList xmlns="http://www.openmobilealliance.org/DTD/WV-PA1.2"><OnlineStatus><Qualifier>T"#,
        r#"</Qualifier><PresenceValue>T</PresenceValue></OnlineStatus><UserAvailability><Qualifier>T"#,
        r#"</Qualifier><PresenceValue>AVAILABLE</PresenceValue></UserAvailability></PresenceSubList></Presence>"#,
        r#"</PresenceNotification-Request></TransactionContent></Transaction><Poll>F</Poll></Session>"#,
        r#"</WV-CSP-Message>"#,
    ),
    wbxml: "\
        03 11 6A 00 C9 08 03 31 2E 32 00 01 6D 6E 70 80 11 01 6F 03 73 31 00 01 01 72 74 76 80 20 01 75 \
        03 73 72 76 37 00 01 01 F3 0A 03 31 2E 32 00 01 00 04 5B 00 00 62 7A 03 77 76 3A 62 6F 62 40 65 \
        78 61 6D 70 6C 65 2E 6F 72 67 00 01 E3 09 03 31 2E 32 00 01 00 05 61 00 00 66 80 2C 01 64 80 2C \
        01 01 00 05 6E 00 00 66 80 2C 01 64 80 5F 01 01 01 01 01 01 01 61 80 0B 01 01 01 \
    ",
};

pub(in crate::syntax) const CAPABILITY_RESPONSE: Vector = Vector {
    xml: concat!(
        r#"<WV-CSP-Message xmlns="http://www.openmobilealliance.org/DTD/IMPS-CSP1.3"><Session>"#,
        r#"<SessionDescriptor><SessionType>Inband</SessionType><SessionID>s1</SessionID></SessionDescriptor>"#,
        r#"<Transaction><TransactionDescriptor><TransactionMode>Response</TransactionMode><TransactionID>2"#,
        r#"</TransactionID></TransactionDescriptor>"#,
        r#"<TransactionContent xmlns="http://www.openmobilealliance.org/DTD/IMPS-TRC1.3">"#,
        r#"<ClientCapability-Response><AgreedCapabilityList><CIRHTTPAddress><URL>http://x.example.org/c</URL>"#,
        r#"</CIRHTTPAddress><SupportedBearer>HTTP</SupportedBearer><SupportedCIRMethod>SHTTP"#,
        r#"</SupportedCIRMethod><SessionPriority>0</SessionPriority></AgreedCapabilityList>"#,
        r#"</ClientCapability-Response></TransactionContent></Transaction></Session></WV-CSP-Message>"#,
    ),
    wbxml: "\
        03 12 6A 00 C9 0B 03 31 2E 33 00 01 6D 6E 70 80 11 01 6F 03 73 31 00 01 01 72 74 76 80 21 01 75 \
        03 32 00 01 01 F3 0D 03 31 2E 33 00 01 00 01 4D 7A 00 03 54 00 00 77 03 68 74 74 70 3A 2F 2F 78 \
        2E 65 78 61 6D 70 6C 65 2E 6F 72 67 2F 63 00 01 01 00 03 4F 80 42 01 50 80 81 25 01 5C C3 01 00 \
        01 01 01 01 01 01 01 \
    ",
};
