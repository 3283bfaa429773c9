fn main() -> anyhow::Result<()> {
    older_contract::bindings("slewgate:adapters/state", &[])
}
