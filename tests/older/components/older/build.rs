fn main() -> anyhow::Result<()> {
    older_contract::bindings("slewgate:plugin/command-handler@0.0.9", &[])
}
