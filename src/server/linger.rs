//! Closing gently (RFC 9112 section 9.6): who closes while the client still sends has its last answer
//! destroyed by the reset that follows. So writing ends first, and what comes is thrown away for a while.

use std::{io, time::Duration};

use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::tcp::ClientStream;

/// How much is thrown away at most, in bytes.
const MOST: usize = 256 * 1024;
/// How long at most.
const LONGEST: Duration = Duration::from_secs(2);
/// How much is read at once. It stands on the stack, and never across a wait.
const PIECE: usize = 16 * 1024;

/// Says that nothing more is written, passes over what still comes, and closes.
pub(super) async fn close(mut stream: ClientStream) {
    // Fails only if the client was faster.
    let _ = stream.shutdown().await;
    if let Some(tcp) = stream.tcp_stream() {
        let _ = tokio::time::timeout(LONGEST, pass_over(tcp)).await;
    }
}

/// Ends with what comes, and after [`MOST`] bytes.
async fn pass_over(stream: &TcpStream) -> io::Result<()> {
    let mut passed = 0;
    while passed < MOST {
        stream.readable().await?;
        match read(stream) {
            Ok(0) => break,
            Ok(length) => passed += length,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn read(stream: &TcpStream) -> io::Result<usize> {
    stream.try_read(&mut [0; PIECE])
}
