//! `[timers]`: every protocol timer.

use std::time::Duration;

use super::section::section;

const fn secs(n: u64) -> Duration {
    Duration::from_secs(n)
}

const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

section! {
    /// Every protocol timer. Tests shorten them; a running network rarely needs to.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct Timers = "timers" {
        /// How long a client's answer waits for a remote result of a message.
        result_wait: Duration = secs(5),
        /// How long a client's answer waits for a remote result of a query; then 504.
        query_wait: Duration = secs(30),
        /// How long one HTTP exchange with a peer may take.
        http_timeout: Duration = secs(10),
        /// How long a peer may take for a result after its acknowledgement, before the request is posted again.
        response_wait: Duration = secs(30),
        /// Waits between attempts to post to a peer, the last one repeating.
        retry: Vec<Duration> = [1, 2, 5, 15, 30, 60].map(secs).to_vec(),
        /// One step of a session set-up.
        setup_step: Duration = secs(10),
        /// A whole session set-up.
        setup_total: Duration = secs(60),
        /// Waits before a set-up step is posted again within its time.
        setup_retry: Vec<Duration> = [300, 600, 1200, 2500, 5000].map(millis).to_vec(),
        /// Wait after a failed set-up, doubling each time.
        setup_backoff: Duration = secs(15),
        /// The longest wait after a failed set-up.
        setup_backoff_max: Duration = secs(600),
        /// Life of a session with a peer without traffic, offered in set-up; 0 is for ever.
        session_ttl: Duration = secs(86_400),
        /// How long answered transactions are remembered, so that a repeated request is answered alike.
        dedup: Duration = secs(86_400),
        /// How long a phone may take to answer a server request before it is handed out again.
        client_answer: Duration = secs(60),
        /// How long a client's request is answered alike when it is repeated under its transaction id.
        client_repeat: Duration = secs(300),
        /// The longest a poll is held for a client that asks for it with the HTTP header `Prefer: wait=SECONDS`; at most
        /// 45 s. 0 switches it off.
        long_poll: Duration = secs(25),
        /// Keep-alive time of a client session that asks for none.
        keep_alive: Duration = secs(7_200),
        /// How long a client can still hear why its session ended; after that it hears that nobody knows it.
        farewell: Duration = secs(600),
        /// Life of a login nonce.
        nonce: Duration = secs(60),
        /// How long a connection may take to send a whole request.
        request_read: Duration = secs(15),
    }
}
