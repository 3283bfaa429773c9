#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| slewgate_fuzz_targets::forwarded_headers(data));
