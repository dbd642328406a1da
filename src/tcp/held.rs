//! How many bytes the kernel holds for clients, as `ss` asks it: NETLINK_SOCK_DIAG (sock_diag(7)).
//!
//! One question answers for all connections of a port, HTTP and sockets, and for those that were
//! closed and still have something to be sent. It is asked when the metrics are.

use std::net::SocketAddr;

/// Bytes that were written to connections of this listener and that their clients have not
/// acknowledged. `None` where the kernel does not tell.
#[cfg(target_os = "linux")]
pub fn unacknowledged_bytes(listener: SocketAddr) -> Option<u64> {
    linux::unacknowledged_bytes(listener).ok()
}

/// The kernel does not tell.
#[cfg(not(target_os = "linux"))]
pub fn unacknowledged_bytes(_: SocketAddr) -> Option<u64> {
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        io::{self, Read, Write},
        net::SocketAddr,
        time::Duration,
    };

    use socket2::{Domain, Protocol, Socket, Type};

    const AF_INET: u8 = 2;
    const AF_INET6: u8 = 10;
    const AF_NETLINK: i32 = 16;
    const NETLINK_SOCK_DIAG: i32 = 4;
    const SOCK_DIAG_BY_FAMILY: u16 = 20;
    const NLM_F_REQUEST_DUMP: u16 = 0x301;
    const NLMSG_ERROR: u16 = 2;
    const NLMSG_DONE: u16 = 3;
    const IPPROTO_TCP: u8 = 6;
    /// ESTABLISHED, FIN_WAIT1, CLOSE_WAIT, LAST_ACK and CLOSING: the states in which something may be
    /// unacknowledged, each a bit.
    const STATES: u32 = 1 << 1 | 1 << 4 | 1 << 8 | 1 << 9 | 1 << 11;
    /// struct nlmsghdr and struct inet_diag_req_v2.
    const QUESTION_BYTES: usize = 16 + 56;
    const HEADER_BYTES: usize = 16;
    /// Where `idiag_wqueue` is in struct inet_diag_msg.
    const WQUEUE_AT: usize = HEADER_BYTES + 60;
    const ANSWER_BYTES: usize = 64 * 1024;

    pub(super) fn unacknowledged_bytes(listener: SocketAddr) -> io::Result<u64> {
        let mut kernel = Socket::new(
            Domain::from(AF_NETLINK),
            Type::DGRAM,
            Some(Protocol::from(NETLINK_SOCK_DIAG)),
        )?;
        kernel.set_read_timeout(Some(Duration::from_secs(1)))?;
        kernel.write_all(&question(listener))?;
        let mut answer = vec![0; ANSWER_BYTES];
        let mut sum = 0;
        loop {
            let length = kernel.read(&mut answer)?;
            let messages = answer.get(..length).unwrap_or_default();
            if add(messages, &mut sum)? {
                return Ok(sum);
            }
        }
    }

    /// Asks for all connections with this local port. Numbers are in the machine's order, ports in the
    /// network's.
    fn question(listener: SocketAddr) -> Vec<u8> {
        let family = if listener.is_ipv4() {
            AF_INET
        } else {
            AF_INET6
        };
        let mut out = Vec::with_capacity(QUESTION_BYTES);
        out.extend_from_slice(&(QUESTION_BYTES as u32).to_ne_bytes());
        out.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        out.extend_from_slice(&NLM_F_REQUEST_DUMP.to_ne_bytes());
        // Sequence number and port of the asker: the answers are the only ones on this socket.
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&[family, IPPROTO_TCP, 0, 0]);
        out.extend_from_slice(&STATES.to_ne_bytes());
        out.extend_from_slice(&listener.port().to_be_bytes());
        // Any remote port, any addresses, any interface.
        out.resize(QUESTION_BYTES, 0);
        out
    }

    /// Adds up what the messages of a datagram say; true if the last is among them.
    fn add(mut messages: &[u8], sum: &mut u64) -> io::Result<bool> {
        while let Some(length) = number(messages, 0) {
            let kind = messages.get(4..6).and_then(|kind| kind.try_into().ok());
            match kind.map(u16::from_ne_bytes) {
                Some(SOCK_DIAG_BY_FAMILY) => {
                    *sum += u64::from(number(messages, WQUEUE_AT).unwrap_or_default());
                }
                Some(NLMSG_DONE) => return Ok(true),
                Some(NLMSG_ERROR) | None => return Err(io::ErrorKind::Unsupported.into()),
                Some(_) => {}
            }
            // Messages begin at multiples of four.
            let next = usize::try_from(length).unwrap_or(usize::MAX);
            let next = next.max(HEADER_BYTES).saturating_add(3) & !3;
            messages = messages.get(next..).unwrap_or_default();
        }
        Ok(false)
    }

    fn number(bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at + 4)?;
        bytes.try_into().ok().map(u32::from_ne_bytes)
    }
}

// Clippy knows only a plain `cfg(test)` for tests.
#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use std::{
        io::Write,
        net::{TcpListener, TcpStream},
        time::{Duration, Instant},
    };

    use super::*;
    use crate::tcp::{TcpLimits, abandon, reset, tune};

    const LIMITS: TcpLimits = TcpLimits {
        max_unsent_bytes: 16 * 1024,
        abandoned_timeout: Duration::from_secs(60),
    };

    /// A connection whose client reads nothing, full, and the client.
    fn stalled(listener: &TcpListener) -> (TcpStream, socket2::Socket, u64) {
        let client = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let client = client.unwrap();
        client.set_recv_buffer_size(4_096).unwrap();
        client
            .connect(&listener.local_addr().unwrap().into())
            .unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        tune(&stream, &LIMITS);
        stream.set_nonblocking(true).unwrap();
        let mut written = 0;
        while let Ok(length) = stream.write(&[7; 1_000]) {
            written += length as u64;
        }
        (stream, client, written)
    }

    fn until_nothing_is_held(addr: SocketAddr) {
        let began = Instant::now();
        while unacknowledged_bytes(addr) != Some(0) {
            assert!(began.elapsed() < Duration::from_secs(20));
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_kernel_takes_little_for_a_reader_that_stalls() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        assert_eq!(unacknowledged_bytes(addr), Some(0));
        let (stream, _client, written) = stalled(&listener);
        let held = unacknowledged_bytes(addr).unwrap();
        assert!(0 < held && held <= written, "{held} of {written}");
        assert!(written <= 64 * 1024, "{written}");
        // What others hold is not counted.
        let other = TcpListener::bind("127.0.0.1:0").unwrap();
        assert_eq!(unacknowledged_bytes(other.local_addr().unwrap()), Some(0));
        reset(&stream);
        drop(stream);
        assert_eq!(unacknowledged_bytes(addr), Some(0));
    }

    #[test]
    fn an_abandoned_connection_is_reset_while_its_client_still_stalls() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (stream, _client, _) = stalled(&listener);
        abandon(&stream, Duration::from_millis(300));
        drop(stream);
        assert!(unacknowledged_bytes(addr).unwrap() > 0);
        until_nothing_is_held(addr);
    }
}
