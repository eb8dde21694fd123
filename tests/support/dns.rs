//! A name server of the test's own, which answers each question as the test says.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::net::UdpSocket;

const TYPE_A: u16 = 1;
/// Bytes before the question (RFC 1035, 4.1.1).
const HEAD: usize = 12;

/// A name server on this machine. What it says may be kept by nobody.
pub struct NameServer {
    pub address: SocketAddr,
    asked: Arc<AtomicUsize>,
}

impl NameServer {
    /// Answers the `n`th question for an IPv4 address, counted from 0 for all names together, with `answer(name, n)`; there are no
    /// other records.
    pub async fn start(answer: impl Fn(&str, usize) -> Vec<Ipv4Addr> + Send + 'static) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        tokio::spawn(async move {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet).await {
                let (name, after) = name(&packet[..length]);
                let kind = u16::from_be_bytes([packet[after], packet[after + 1]]);
                let addresses = match kind {
                    TYPE_A => answer(&name, counted.fetch_add(1, Ordering::SeqCst)),
                    _ => Vec::new(),
                };
                let _ = socket.send_to(&reply(&packet[..after + 4], &addresses), from).await;
            }
        });
        Self { address, asked }
    }

    /// How many questions for an IPv4 address there have been.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

/// The name that is asked for, in small letters, and where it ends.
fn name(packet: &[u8]) -> (String, usize) {
    let (mut labels, mut at) = (Vec::new(), HEAD);
    while packet[at] != 0 {
        let end = at + 1 + usize::from(packet[at]);
        labels.push(String::from_utf8_lossy(&packet[at + 1..end]).to_ascii_lowercase());
        at = end;
    }
    (labels.join("."), at + 1)
}

/// The question with its answers.
fn reply(question: &[u8], addresses: &[Ipv4Addr]) -> Vec<u8> {
    let count = u16::try_from(addresses.len()).unwrap();
    let mut reply = question.to_vec();
    // It is an answer, of somebody who may answer, to one question.
    reply[2] |= 0x84;
    reply[3] = 0;
    reply[4..6].copy_from_slice(&1_u16.to_be_bytes());
    reply[6..8].copy_from_slice(&count.to_be_bytes());
    reply[8..12].fill(0);
    for address in addresses {
        // The name as in the question, type A, class IN, kept for 0 seconds, four bytes.
        reply.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4]);
        reply.extend(address.octets());
    }
    reply
}
