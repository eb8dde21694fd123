//! Tells the service manager how the daemon is: sd_notify(3). Without `$NOTIFY_SOCKET` everything here does nothing.
//!
//! A message that cannot be sent is logged and forgotten. The manager draws its own conclusions from silence, and the
//! daemon has no better ones.

use std::fmt::Write;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use sd_notify::NotifyState;

/// Migrated, recovered and listening; also ends a reload.
pub fn ready() {
    send(&[NotifyState::Ready]);
}

/// The settings are being read again. To be followed by [`ready`], whatever came of it.
pub fn reloading() {
    // The manager pairs this with its own request by the time, and takes both only from one datagram.
    match NotifyState::monotonic_usec_now() {
        Ok(now) => send(&[NotifyState::Reloading, now]),
        Err(error) => {
            tracing::warn!(%error, "no monotonic clock; the service manager will wait for the reload in vain")
        }
    }
}

/// Draining has begun.
pub fn stopping() {
    send(&[NotifyState::Stopping]);
}

/// One line for `systemctl status`.
pub fn status(line: &str) {
    // A line break would begin another message.
    send(&[NotifyState::Status(&line.replace(['\n', '\r'], " "))]);
}

/// How often to call [`watchdog`]: half of what the unit allows, as sd_watchdog_enabled(3) advises. None: nobody waits.
pub fn watchdog_interval() -> Option<Duration> {
    sd_notify::watchdog_enabled()
        .filter(|limit| !limit.is_zero())
        .map(|limit| limit / 2)
}

/// The parts of the daemon that must move do move.
pub fn watchdog() {
    send(&[NotifyState::Watchdog]);
}

/// Starting, reloading or stopping needs this long from now on. Repeat before it ends.
pub fn extend_timeout(time: Duration) {
    send(&[NotifyState::ExtendTimeoutUsec(
        u32::try_from(time.as_micros()).unwrap_or(u32::MAX),
    )]);
}

fn send(states: &[NotifyState<'_>]) {
    let sent = match std::env::var("NOTIFY_SOCKET") {
        Ok(name) => match name.strip_prefix('@') {
            Some(abstract_name) => send_abstract(abstract_name, states),
            None => sd_notify::notify(states),
        },
        Err(_) => return,
    };
    if let Err(error) = sent {
        tracing::warn!(%error, "the service manager could not be told");
    }
}

/// The crate takes `@name` for a path.
fn send_abstract(name: &str, states: &[NotifyState<'_>]) -> io::Result<()> {
    let mut message = String::new();
    for state in states {
        // Writing to a String cannot fail.
        let _ = writeln!(message, "{state}");
    }
    let address = SocketAddr::from_abstract_name(name)?;
    UnixDatagram::unbound()?
        .send_to_addr(message.as_bytes(), &address)
        .map(drop)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use std::process::Command;

    use super::*;

    const ROLE: &str = "NOTIFY_TEST_ROLE";

    /// Runs [`speaker`] in a process of its own, as the socket is named by the environment.
    fn speak(socket: &str) {
        let status = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                &format!("{}::speaker", module_path!().split_once("::").unwrap().1),
            ])
            .env(ROLE, "speaker")
            .env("NOTIFY_SOCKET", socket)
            .env("WATCHDOG_USEC", "30000000")
            .env_remove("WATCHDOG_PID")
            .status()
            .unwrap();
        assert!(status.success());
    }

    #[test]
    fn speaker() {
        if std::env::var(ROLE).is_err() {
            return;
        }
        assert_eq!(watchdog_interval(), Some(Duration::from_secs(15)));
        ready();
        reloading();
        status("two\nlines");
        watchdog();
        extend_timeout(Duration::from_secs(7200));
        stopping();
    }

    fn received(socket: &UnixDatagram) -> Vec<String> {
        socket.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut buffer = [0; 4096];
        (0..6)
            .map(|_| {
                let length = socket.recv(&mut buffer).unwrap();
                String::from_utf8(buffer[..length].to_vec()).unwrap()
            })
            .collect()
    }

    fn assert_said(messages: &[String]) {
        assert_eq!(messages[0], "READY=1\n");
        let micros = messages[1]
            .strip_prefix("RELOADING=1\nMONOTONIC_USEC=")
            .expect("both in one datagram");
        assert!(micros.trim_end().parse::<u64>().unwrap() > 0);
        assert_eq!(messages[2], "STATUS=two lines\n");
        assert_eq!(messages[3], "WATCHDOG=1\n");
        assert_eq!(
            messages[4],
            format!("EXTEND_TIMEOUT_USEC={}\n", u32::MAX),
            "7200 s are more than it can say"
        );
        assert_eq!(messages[5], "STOPPING=1\n");
    }

    #[test]
    fn it_is_heard_on_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        speak(path.to_str().unwrap());
        assert_said(&received(&socket));
    }

    #[test]
    fn it_is_heard_on_an_abstract_socket() {
        let name = format!("batchdesk-notify-test-{}", std::process::id());
        let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        speak(&format!("@{name}"));
        assert_said(&received(&socket));
    }
}
