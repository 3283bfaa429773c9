//! Lines over TCP: a peer that refuses, closes, resets, or vanishes without a word.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use slewgate_serial::{Address, Guard, Line, LineError, LineSettings, LineState, Outcome};
use socket2::SockRef;

use crate::device::{error_of, failed};
use crate::mount::{DEADLINE, ask, begun, reaches, stop, tell, within};

/// The longest that the system may take to give up a peer that vanished, with room for a busy machine.
const VANISHED: Duration = Duration::from_secs(8);

/// A port of this computer, to which lines lead.
struct Port {
    listener: TcpListener,
}

/// One connection of a line.
struct Peer(TcpStream);

impl Port {
    fn open() -> Port {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Port { listener }
    }

    fn settings(&self) -> LineSettings {
        LineSettings {
            name: "east".to_owned(),
            device: Address::Tcp {
                host: "localhost".to_owned(),
                port: self.listener.local_addr().unwrap().port(),
            },
            baud: 9600,
            quiet: Duration::ZERO,
        }
    }

    fn accept(&self) -> Peer {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => return Peer::new(stream),
                Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
            }
            assert!(Instant::now() < deadline, "nobody connects");
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    /// A line that is open, and its peer.
    fn connected(&self) -> (Line, Peer) {
        let line = Line::start(self.settings()).unwrap();
        let peer = self.accept();
        reaches(&line, |state| matches!(state, LineState::Open { .. }));
        (line, peer)
    }
}

impl Peer {
    fn new(stream: TcpStream) -> Peer {
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        Peer(stream)
    }

    #[track_caller]
    fn hears(&mut self, expected: &str) {
        let mut heard = vec![0; expected.len()];
        self.0.read_exact(&mut heard).unwrap();
        assert_eq!(String::from_utf8_lossy(&heard), expected);
    }

    fn says(&mut self, bytes: &str) {
        self.0.write_all(bytes.as_bytes()).unwrap();
    }

    fn reset(self) {
        let now = Some(Duration::ZERO);
        SockRef::from(&self.0).set_linger(now).unwrap();
    }

    /// Nothing that is sent to it arrives from here on, and nothing comes from it, not even that it is gone.
    #[cfg(target_os = "linux")]
    fn vanish(&self) {
        // One instruction of the classic Berkeley packet filter: return 0, which keeps nothing of any packet.
        let nothing = [socket2::SockFilter::new(0x06, 0, 0, 0)];
        SockRef::from(&self.0).attach_filter(&nothing).unwrap();
    }
}

#[test]
fn an_exchange_goes_over_tcp_to_a_host_with_a_name() {
    let port = Port::open();
    let (line, mut peer) = port.connected();
    let asked = begun(line.exchange(ask(":GR#"), Guard::Read));
    peer.hears(":GR#");
    peer.says("12:00:00#");
    assert_eq!(within(asked), Ok(b"12:00:00#".to_vec()));
}

#[cfg(target_os = "linux")]
#[test]
fn a_reply_that_came_whole_before_its_peer_hung_up_is_one() {
    let port = Port::open();
    for _ in 0..20 {
        let (line, mut peer) = port.connected();
        let asked = begun(line.exchange(ask(":GR#"), Guard::Read));
        peer.hears(":GR#");
        // In one piece, so that both are there when the line looks.
        SockRef::from(&peer.0).set_tcp_cork(true).unwrap();
        peer.says("12:00:00#");
        drop(peer);
        assert_eq!(within(asked), Ok(b"12:00:00#".to_vec()));
        line.close();
    }
}

#[test]
fn a_port_that_refuses_is_told_with_the_next_step_and_opened_when_somebody_listens() {
    let port = Port::open();
    let (settings, address) = (port.settings(), port.listener.local_addr().unwrap());
    drop(port);
    let line = Line::start(settings).unwrap();
    let error = error_of(reaches(&line, failed));
    assert_eq!(
        error,
        format!(
            "cannot open tcp://localhost:{}: the connection was refused; start what listens there, or correct the port",
            address.port()
        )
    );
    let listener = TcpListener::bind(address).unwrap();
    listener.set_nonblocking(true).unwrap();
    let mut peer = Port { listener }.accept();
    reaches(&line, |state| *state == LineState::Open { opened: 1 });
    assert!(within(line.exchange(tell("1"), Guard::Read)).is_ok());
    peer.hears("1");
}

#[test]
fn a_name_that_nobody_knows_is_told_with_the_next_step() {
    let mut settings = Port::open().settings();
    // No name server needs to be asked.
    let host = "mount..invalid".to_owned();
    settings.device = Address::Tcp { host, port: 9999 };
    let line = Line::start(settings).unwrap();
    let error = error_of(reaches(&line, failed));
    let cause =
        "cannot open tcp://mount..invalid:9999: the address of mount..invalid cannot be found: ";
    assert!(error.starts_with(cause), "{error}");
    assert!(
        error.ends_with("; correct the name, or write the address"),
        "{error}"
    );
}

#[test]
fn a_host_that_does_not_answer_holds_up_neither_a_stop_nor_the_end_of_its_line() {
    // Nobody has this address: RFC 5737.
    let mut settings = Port::open().settings();
    let host = "192.0.2.1".to_owned();
    settings.device = Address::Tcp { host, port: 9999 };
    let line = Line::start(settings).unwrap();
    let refused = line.stop(&stop(":Q#", Duration::ZERO));
    assert_eq!(within(refused), Err(LineError::Disconnected));
    let since = Instant::now();
    line.close();
    reaches(&line, |state| *state == LineState::Closed);
    println!("closed while it connects after {:?}", since.elapsed());
    assert!(since.elapsed() < Duration::from_secs(2));
}

#[test]
fn a_peer_that_closes_or_resets_is_noticed_where_nothing_is_sent_and_connected_to_again() {
    let port = Port::open();
    let (line, peer) = port.connected();
    peer.0.shutdown(Shutdown::Write).unwrap();
    let error = error_of(reaches(&line, failed));
    assert!(error.starts_with("lost tcp://localhost:"), "{error}");
    let mut peer = port.accept();
    reaches(&line, |state| *state == LineState::Open { opened: 2 });
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    peer.hears("look");
    peer.reset();
    let error = error_of(reaches(&line, failed));
    assert!(error.ends_with(": connection reset by peer"), "{error}");
    let mut peer = port.accept();
    reaches(&line, |state| *state == LineState::Open { opened: 3 });
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    peer.hears("look");
}

#[test]
fn callers_learn_what_became_of_their_exchange_when_the_peer_resets() {
    let port = Port::open();
    let (line, mut peer) = port.connected();
    let under_way = begun(line.exchange(ask("move"), Guard::Read));
    let queued = begun(line.exchange(ask("2"), Guard::Read));
    peer.hears("move");
    peer.reset();
    assert_eq!(
        within(under_way).unwrap_err().outcome(),
        Outcome::Indeterminate
    );
    assert_eq!(within(queued).unwrap_err().outcome(), Outcome::NotStarted);
    let mut peer = port.accept();
    reaches(&line, |state| *state == LineState::Open { opened: 2 });
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    peer.hears("look");
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_vanished_is_noticed_where_nothing_is_sent() {
    let port = Port::open();
    let (line, peer) = port.connected();
    peer.vanish();
    let since = Instant::now();
    let error = error_of(reaches(&line, failed));
    println!(
        "an idle peer that vanished was noticed after {:?}",
        since.elapsed()
    );
    assert!(since.elapsed() < VANISHED);
    assert!(error.starts_with("lost tcp://localhost:"), "{error}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_peer_that_vanished_in_an_exchange_is_noticed_there() {
    let port = Port::open();
    let (line, peer) = port.connected();
    peer.vanish();
    let since = Instant::now();
    let error = within(line.exchange(ask("move"), Guard::Read)).unwrap_err();
    println!(
        "a peer that vanished was noticed in use after {:?}",
        since.elapsed()
    );
    assert!(since.elapsed() < VANISHED);
    assert!(matches!(error, LineError::Interrupted(_)), "{error}");
    assert_eq!(error.outcome(), Outcome::Indeterminate);
}

#[cfg(target_os = "linux")]
#[test]
fn a_stop_that_a_vanished_peer_never_got_goes_first_when_it_is_back() {
    let port = Port::open();
    let (line, peer) = port.connected();
    peer.vanish();
    assert!(
        within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok(),
        "the system took it"
    );
    let mut peer = port.accept();
    reaches(&line, |state| *state == LineState::Open { opened: 2 });
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    peer.hears(":Q#look");
}

#[test]
fn a_stop_that_the_peer_answered_after_is_not_owed_to_it() {
    let port = Port::open();
    let (line, mut peer) = port.connected();
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    let asked = begun(line.exchange(ask("1"), Guard::Read));
    peer.hears(":Q#1");
    peer.says("#");
    assert!(within(asked).is_ok());
    peer.reset();
    let mut peer = port.accept();
    reaches(&line, |state| *state == LineState::Open { opened: 2 });
    assert!(within(line.exchange(tell("look"), Guard::Read)).is_ok());
    peer.hears("look");
}

#[test]
fn what_a_peer_has_not_read_when_the_line_is_closed_still_reaches_it() {
    let port = Port::open();
    let (line, mut peer) = port.connected();
    // Left unread by the line, which is why its end may reset the connection.
    peer.says("unasked");
    assert!(within(line.stop(&stop(":Q#", Duration::ZERO))).is_ok());
    line.close();
    reaches(&line, |state| *state == LineState::Closed);
    peer.hears(":Q#");
}
