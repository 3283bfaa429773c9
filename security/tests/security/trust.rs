//! Which components may run, and what is said of those that may not.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use slewgate_security::trust::{
    Component, Digest, DigestList, KeyError, PublicKey, Requirement, SecretKey, Untrusted, sign,
};
use tempfile::TempDir;

/// A data directory with a component.
struct World {
    home: TempDir,
}

impl World {
    fn new() -> World {
        let world = World {
            home: tempfile::tempdir().unwrap(),
        };
        for directory in ["handlers", "elsewhere"] {
            fs::create_dir(world.at(directory)).unwrap();
            world.chmod(directory, 0o755);
        }
        world.write("handlers/heater.wasm", "component");
        world
    }

    fn at(&self, path: &str) -> PathBuf {
        self.home.path().join(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.at(path), text).unwrap();
        self.chmod(path, 0o644);
    }

    fn chmod(&self, path: &str, mode: u32) {
        fs::set_permissions(self.at(path), Permissions::from_mode(mode)).unwrap();
    }

    /// What is said of the component at this path.
    fn judge(&self, requirement: &Requirement, path: &str) -> Result<(), Untrusted> {
        judge(requirement, &self.at(path))
    }

    fn owned(&self) -> Result<(), Untrusted> {
        self.judge(&Requirement::Owner, "handlers/heater.wasm")
    }

    fn listed(&self) -> Result<(), Untrusted> {
        let list = Requirement::Digests(self.at("trusted.txt"));
        self.judge(&list, "handlers/heater.wasm")
    }

    /// That of the heater is now this one's.
    fn sign(&self, key: &SecretKey) {
        let path = self.at("handlers/heater.wasm");
        let digest = Digest::of(&fs::read(&path).unwrap());
        sign(&path, digest, key).unwrap();
    }

    fn signed(&self, keys: &[PublicKey]) -> Result<(), Untrusted> {
        let keys = Requirement::Keys(keys.to_vec());
        self.judge(&keys, "handlers/heater.wasm")
    }

    fn key(&self, name: &str) -> SecretKey {
        SecretKey::create(&self.at(name)).unwrap()
    }
}

fn judge(requirement: &Requirement, path: &Path) -> Result<(), Untrusted> {
    let file = File::open(path).unwrap();
    let component = Component {
        path,
        digest: Digest::of(&fs::read(path).unwrap()),
        file: &file.metadata().unwrap(),
    };
    requirement.judge(&component)
}

fn sentence(judged: Result<(), Untrusted>) -> String {
    judged.unwrap_err().to_string()
}

#[test]
fn what_its_owner_alone_can_write_may_run() {
    World::new().owned().unwrap();
}

#[test]
fn a_directory_that_others_can_write_is_refused_with_its_mode_and_the_remedy() {
    let world = World::new();
    for mode in [0o775, 0o757, 0o1777] {
        world.chmod("handlers", mode);
        let handlers = world.at("handlers").display().to_string();
        let wanted = format!(
            "{handlers} is writable by others (mode {mode:04o}); see that what is there is yours, then chmod go-w {handlers}"
        );
        assert_eq!(sentence(world.owned()), wanted);
    }
}

#[test]
fn a_file_that_others_can_write_is_refused_unless_nobody_else_reaches_it() {
    let world = World::new();
    for mode in [0o664, 0o646] {
        world.chmod("handlers/heater.wasm", mode);
        world.chmod("handlers", 0o755);
        let said = sentence(world.owned());
        assert!(said.contains("heater.wasm is writable by others"), "{said}");
        world.chmod("handlers", 0o700);
        world.owned().unwrap();
    }
    // By its other name.
    fs::hard_link(
        world.at("handlers/heater.wasm"),
        world.at("elsewhere/heater.wasm"),
    )
    .unwrap();
    assert!(world.owned().is_err());
}

#[test]
fn a_link_into_a_directory_that_others_can_write_is_refused() {
    let world = World::new();
    world.write("elsewhere/heater.wasm", "component");
    fs::remove_file(world.at("handlers/heater.wasm")).unwrap();
    symlink("../elsewhere/heater.wasm", world.at("handlers/heater.wasm")).unwrap();
    world.owned().unwrap();
    world.chmod("elsewhere", 0o777);
    let said = sentence(world.owned());
    assert!(said.contains("elsewhere is writable by others"), "{said}");
}

#[test]
fn a_link_that_others_can_turn_elsewhere_is_refused_although_it_leads_to_a_safe_place() {
    let world = World::new();
    world.write("handlers/real.wasm", "component");
    fs::remove_file(world.at("handlers/heater.wasm")).unwrap();
    symlink("../elsewhere/link", world.at("handlers/heater.wasm")).unwrap();
    symlink("../handlers/real.wasm", world.at("elsewhere/link")).unwrap();
    world.owned().unwrap();
    world.chmod("elsewhere", 0o777);
    assert!(world.owned().is_err());
}

#[test]
fn what_was_read_is_judged_and_not_what_took_its_place() {
    let world = World::new();
    let path = world.at("handlers/heater.wasm");
    world.chmod("handlers/heater.wasm", 0o666);
    let read = File::open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    world.write("handlers/heater.wasm", "component");
    let component = Component {
        path: &path,
        digest: Digest::of(b"component"),
        file: &read.metadata().unwrap(),
    };
    assert!(Requirement::Owner.judge(&component).is_err());
    world.owned().unwrap();
}

#[test]
fn what_is_listed_may_run_under_its_name_as_sha256sum_prints_it() {
    let world = World::new();
    // printf component | sha256sum
    let digest = "6985ca1f4daa5a584a28eae043a239cb96689af1337ea13afb63e00c2bf512fa";
    assert_eq!(Digest::of(b"component").to_string(), digest);
    for line in [
        format!("{digest}  heater.wasm\n"),
        format!("{digest} *heater.wasm"),
        format!(
            "# ours\n\n{}  handlers/heater.wasm\n",
            digest.to_uppercase()
        ),
    ] {
        world.write("trusted.txt", &line);
        world.listed().unwrap();
    }
}

#[test]
fn what_is_not_listed_is_refused_with_its_digest_and_the_remedy() {
    let world = World::new();
    let said = sentence(world.listed());
    assert!(
        said.contains("there is no") && said.contains("slewgate plugin trust FILE"),
        "{said}"
    );
    world.write("trusted.txt", "");
    let digest = Digest::of(b"component");
    let (list, path) = (world.at("trusted.txt"), world.at("handlers/heater.wasm"));
    let wanted = format!(
        "its digest {digest} is not in {}; if it is to run, `slewgate plugin trust {}`",
        list.display(),
        path.display()
    );
    assert_eq!(sentence(world.listed()), wanted);
    world.write("trusted.txt", &format!("{digest}  observer.wasm\n"));
    let said = sentence(world.listed());
    assert!(
        said.contains("is that of observer.wasm, not of heater.wasm, in"),
        "{said}"
    );
}

#[test]
fn a_list_that_is_none_or_that_others_can_write_lets_nothing_run() {
    let world = World::new();
    let good = format!("{}  heater.wasm\n", Digest::of(b"component"));
    world.write("trusted.txt", &format!("{good}what is this\n"));
    assert!(sentence(world.listed()).contains("line 2 is not a digest"));
    world.write("trusted.txt", &good);
    world.chmod("trusted.txt", 0o666);
    assert!(sentence(world.listed()).contains("trusted.txt is writable by others"));
    world.chmod("trusted.txt", 0o644);
    world.listed().unwrap();
    fs::rename(world.at("trusted.txt"), world.at("elsewhere/list")).unwrap();
    symlink(world.at("elsewhere/list"), world.at("trusted.txt")).unwrap();
    assert!(sentence(world.listed()).contains("it is a symbolic link"));
}

#[test]
fn what_is_added_to_a_list_may_run_and_what_was_there_stays() {
    let world = World::new();
    let (list, path) = (world.at("trusted.txt"), world.at("handlers/heater.wasm"));
    let component = [(path.clone(), Digest::of(b"component"))];
    let added = DigestList::at(&list).add(&component).unwrap();
    assert_eq!(added, [path]);
    world.listed().unwrap();
    fs::write(
        &list,
        fs::read_to_string(&list).unwrap() + "# without an end",
    )
    .unwrap();
    let newer = [
        component[0].clone(),
        (world.at("handlers/heater.wasm"), Digest::of(b"newer")),
    ];
    assert_eq!(DigestList::at(&list).add(&newer).unwrap().len(), 1);
    let text = fs::read_to_string(&list).unwrap();
    assert!(text.contains("# without an end\n"), "{text}");
    world.listed().unwrap();
    world.write("handlers/heater.wasm", "newer");
    world.listed().unwrap();
    let mode = fs::metadata(&list).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o644);
    assert!(DigestList::at(&list).add(&newer).unwrap().is_empty());
    assert_eq!(fs::read_to_string(&list).unwrap(), text);
}

#[test]
fn what_is_signed_with_a_trusted_key_may_run() {
    let world = World::new();
    let (ours, other) = (world.key("ours"), world.key("other"));
    world.sign(&ours);
    world.signed(&[other.public(), ours.public()]).unwrap();
    let read = SecretKey::read(&world.at("ours")).unwrap();
    assert_eq!(read.public(), ours.public());
}

#[test]
fn each_signature_that_does_not_count_is_told_apart() {
    let world = World::new();
    let (ours, other) = (world.key("ours"), world.key("other"));
    let says = |what: &str| {
        let said = sentence(world.signed(&[ours.public()]));
        assert!(said.contains(what), "{said}");
    };
    says("it is not signed: there is no");
    says("heater.wasm --key KEYFILE` makes it");
    world.sign(&other);
    says(&format!(
        "is by the key {}, which is not in [trust] keys",
        other.public()
    ));
    world.sign(&ours);
    world.write("handlers/heater.wasm", "changed since");
    says("is no signature of this heater.wasm, but of another name or version");
    let sig = fs::read_to_string(world.at("handlers/heater.wasm.sig")).unwrap();
    for garbled in [
        "",
        "\0\u{1}",
        &sig[..sig.len() / 2],
        sig.split(' ').next().unwrap(),
    ] {
        world.write("handlers/heater.wasm.sig", garbled);
        says("is no signature: not a public key and a signature in Base64");
    }
}

#[test]
fn a_signature_that_is_no_file_or_has_no_end_is_refused_at_once() {
    let world = World::new();
    let key = world.key("key");
    let signature = world.at("handlers/heater.wasm.sig");
    rustix::fs::mkfifoat(rustix::fs::CWD, &signature, 0o644.into()).unwrap();
    let no_file = format!("cannot see {}: it is no regular file", signature.display());
    assert_eq!(sentence(world.signed(&[key.public()])), no_file);
    fs::remove_file(&signature).unwrap();
    fs::create_dir(&signature).unwrap();
    assert_eq!(sentence(world.signed(&[key.public()])), no_file);
    fs::remove_dir(&signature).unwrap();
    // What it begins with would count.
    world.sign(&key);
    let file = File::options().write(true).open(&signature).unwrap();
    file.set_len(3 << 30).unwrap();
    let said = sentence(world.signed(&[key.public()]));
    assert!(said.contains("is no signature"), "{said}");
}

#[test]
fn the_signature_of_another_component_does_not_count_nor_that_under_another_name() {
    let world = World::new();
    let ours = world.key("ours");
    world.sign(&ours);
    for (name, text) in [("dome", "another component"), ("observer", "component")] {
        let path = format!("handlers/{name}.wasm");
        world.write(&path, text);
        let sig = world.at("handlers/heater.wasm.sig");
        fs::copy(sig, world.at(&format!("{path}.sig"))).unwrap();
        let said = sentence(world.judge(&Requirement::Keys(vec![ours.public()]), &path));
        let wanted = format!("is no signature of this {name}.wasm");
        assert!(said.contains(&wanted), "{said}");
    }
}

/// Made by OpenSSL from the secret key of RFC 8032, 7.1, test 1:
/// `sha256sum empty.wasm > line; openssl pkeyutl -sign -rawin -inkey key.pem -in line | base64`
#[test]
fn other_programs_can_sign() {
    let world = World::new();
    let empty = b"\0asm\x0d\0\x01\0";
    fs::write(world.at("handlers/empty.wasm"), empty).unwrap();
    let public = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let signature =
        "HIF2pm6r/FqFjzmhJI7xW5wCEVpfMh7FBta57/beRHTYpq9Gjal4gIH11p6OmfGHuHlonkI+KLTzRFrGWAIqDw==";
    let text = format!("{public} {signature}\n");
    world.write("handlers/empty.wasm.sig", &text);
    let keys = Requirement::Keys(vec![public.parse().unwrap()]);
    world.judge(&keys, "handlers/empty.wasm").unwrap();

    fs::write(
        world.at("key"),
        "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n",
    )
    .unwrap();
    world.chmod("key", 0o600);
    let key = SecretKey::read(&world.at("key")).unwrap();
    let sig = sign(&world.at("handlers/empty.wasm"), Digest::of(empty), &key).unwrap();
    assert_eq!(fs::read_to_string(sig).unwrap(), text);
}

#[test]
fn a_secret_key_is_for_its_owner_alone_and_is_never_replaced() {
    let world = World::new();
    world.key("key");
    let mode = fs::metadata(world.at("key")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let again = SecretKey::create(&world.at("key")).unwrap_err();
    assert!(matches!(again, KeyError::There(_)), "{again}");
    world.chmod("key", 0o640);
    let shared = SecretKey::read(&world.at("key")).unwrap_err().to_string();
    assert!(shared.contains("(mode 0640)"), "{shared}");
    world.chmod("key", 0o600);
    fs::write(world.at("key"), "no key").unwrap();
    let none = SecretKey::read(&world.at("key")).unwrap_err().to_string();
    assert!(none.contains("holds no secret key"), "{none}");
}
