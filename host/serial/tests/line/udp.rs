//! Lines over UDP: datagrams that are lost, doubled, late, or of somebody else.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use slewgate_serial::{Address, Guard, Line, LineError, LineSettings, LineState};

use crate::device::{error_of, failed};
use crate::mount::{DEADLINE, ask, ask_briefly, begun, reaches, stop, tell, within, write};

/// What answers at a port of this computer.
struct Peer(UdpSocket);

/// Who asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asker(SocketAddr);

impl Peer {
    fn open() -> Peer {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        socket.set_read_timeout(Some(DEADLINE)).unwrap();
        Peer(socket)
    }

    fn port(&self) -> u16 {
        self.0.local_addr().unwrap().port()
    }

    fn line(&self) -> Line {
        let line = Line::start(settings(self.port())).unwrap();
        reaches(&line, |state| matches!(state, LineState::Open { .. }));
        line
    }

    /// One datagram, with these bytes and no others.
    #[track_caller]
    fn hears(&self, expected: &str) -> Asker {
        let mut heard = [0; 512];
        let (count, from) = self.0.recv_from(&mut heard).unwrap();
        assert_eq!(String::from_utf8_lossy(&heard[..count]), expected);
        Asker(from)
    }

    fn says(&self, asker: Asker, bytes: &str) {
        self.0.send_to(bytes.as_bytes(), asker.0).unwrap();
    }
}

fn settings(port: u16) -> LineSettings {
    LineSettings {
        name: "east".to_owned(),
        device: Address::Udp {
            host: "127.0.0.1".to_owned(),
            port,
        },
        baud: 9600,
        quiet: Duration::ZERO,
    }
}

#[test]
fn an_exchange_is_a_datagram_there_and_one_back() {
    let peer = Peer::open();
    let line = peer.line();
    for (request, answer) in [(":e1\r#", "=020900#"), (":j1\r#", "=000080#")] {
        let asked = begun(line.exchange(ask(request), Guard::Read));
        peer.says(peer.hears(request), answer);
        assert_eq!(within(asked), Ok(answer.as_bytes().to_vec()));
    }
}

#[test]
fn an_answer_in_pieces_is_put_together() {
    let peer = Peer::open();
    let line = peer.line();
    let asked = begun(line.exchange(ask("j1"), Guard::Read));
    let asker = peer.hears("j1");
    // One without bytes is nothing.
    for piece in ["=00", "", "0080", "#"] {
        peer.says(asker, piece);
    }
    assert_eq!(within(asked), Ok(b"=000080#".to_vec()));
}

#[test]
fn after_a_datagram_that_was_lost_the_next_exchange_has_its_own_answer() {
    let peer = Peer::open();
    let line = peer.line();
    let lost = begun(line.exchange(ask_briefly("j1"), Guard::Read));
    peer.hears("j1");
    assert_eq!(within(lost), Err(LineError::Timeout(Vec::new())));
    let asked = begun(line.exchange(ask("j2"), Guard::Read));
    peer.says(peer.hears("j2"), "two#");
    assert_eq!(within(asked), Ok(b"two#".to_vec()));
}

#[test]
fn an_answer_that_comes_late_is_never_taken_for_that_of_the_next_request() {
    let peer = Peer::open();
    let line = peer.line();
    let lost = begun(line.exchange(ask_briefly("j1"), Guard::Read));
    let late = peer.hears("j1");
    assert_eq!(within(lost), Err(LineError::Timeout(Vec::new())));
    let asked = begun(line.exchange(ask("j2"), Guard::Read));
    let asker = peer.hears("j2");
    // Later than anybody waits for an answer that is owed: when the next was asked already.
    peer.says(late, "one#");
    peer.says(asker, "two#");
    assert_eq!(within(asked), Ok(b"two#".to_vec()));
}

#[test]
fn an_answer_that_comes_twice_is_one() {
    let peer = Peer::open();
    let line = peer.line();
    for number in 0..20 {
        let asked = begun(line.exchange(ask("j1"), Guard::Read));
        let asker = peer.hears("j1");
        let answer = format!("{number}#");
        peer.says(asker, &answer);
        assert_eq!(within(asked), Ok(answer.clone().into_bytes()));
        // The double comes when the next was asked already.
        let asked = begun(line.exchange(ask("j2"), Guard::Read));
        let next = peer.hears("j2");
        peer.says(asker, &answer);
        peer.says(next, "next#");
        assert_eq!(within(asked), Ok(b"next#".to_vec()));
    }
}

#[test]
fn nobody_but_the_peer_is_heard() {
    let peer = Peer::open();
    let line = peer.line();
    let asked = begun(line.exchange(ask("j1"), Guard::Read));
    let asker = peer.hears("j1");
    Peer::open().says(asker, "forged#");
    peer.says(asker, "mine#");
    assert_eq!(within(asked), Ok(b"mine#".to_vec()));
}

#[test]
fn a_stop_does_not_wait_for_an_answer_that_is_lost() {
    let peer = Peer::open();
    let line = peer.line();
    let asked = begun(line.exchange(ask("j1"), write(&line)));
    peer.hears("j1");
    let stopped = line.stop(&stop("L1", Duration::ZERO));
    peer.hears("L1");
    assert!(within(stopped).is_ok());
    assert_eq!(within(asked), Err(LineError::Stopped));
}

#[test]
fn a_port_at_which_nobody_listens_is_a_line_that_is_lost_and_opened_again() {
    let peer = Peer::open();
    let port = peer.port();
    let line = peer.line();
    drop(peer);
    // The system tells of it once something was sent.
    let _ = within(line.exchange(ask_briefly("j1"), Guard::Read));
    let error = error_of(reaches(&line, failed));
    assert!(
        error.starts_with(&format!("lost udp://127.0.0.1:{port}: connection refused")),
        "{error}"
    );
    reaches(&line, |state| *state == LineState::Open { opened: 2 });
}

#[test]
fn a_name_that_nobody_knows_is_told_with_the_next_step() {
    let mut settings = settings(11_880);
    // No name server needs to be asked.
    let host = "mount..invalid".to_owned();
    settings.device = Address::Udp { host, port: 11_880 };
    let line = Line::start(settings).unwrap();
    let error = error_of(reaches(&line, failed));
    let cause =
        "cannot open udp://mount..invalid:11880: the address of mount..invalid cannot be found: ";
    assert!(error.starts_with(cause), "{error}");
}

#[test]
fn what_has_no_answer_is_sent_and_done() {
    let peer = Peer::open();
    let line = peer.line();
    assert_eq!(
        within(line.exchange(tell("now"), Guard::Read)),
        Ok(Vec::new())
    );
    peer.hears("now");
}
