fn main() -> anyhow::Result<()> {
    older_contract::bindings("slewgate:plugin/permission-policy@0.0.9", &[])
}
