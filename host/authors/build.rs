//! What is embedded is embedded anew when a file comes or goes, too.

fn main() {
    for folder in ["templates", "../../wit", "../../plugins/sdk"] {
        println!("cargo:rerun-if-changed={folder}");
    }
}
