//! One object by its names.

use serde_json::{Value, json};
use slewgate_sdk::mount::{Goto, Where};
use slewgate_sdk::{Equatorial, Failure, Frame};

use crate::{ask, refused};

fn find(name: &str) -> Result<Value, Failure> {
    ask("find", json!({ "name": name }))
}

#[test]
fn an_object_is_found_by_each_of_its_names_however_they_are_spelled() {
    for (first, names) in [
        (
            "M 31",
            &[
                "M31",
                "m 031",
                "Messier 31",
                "NGC 224",
                "ngc0224",
                " NGC  00224 ",
                "UGC 454",
                "andromeda GALAXY",
            ][..],
        ),
        ("M 45", &["Pleiades", "Melotte 22", "mel022"]),
        ("C 41", &["Caldwell 41", "Hyades", "Collinder 50", "Mel 25"]),
        ("M 101", &["M 102", "NGC 5457"]),
        ("NGC 281", &["IC 11"]),
        ("B 33", &["Barnard 33", "Horsehead Nebula"]),
        (
            "Vega",
            &[
                "VEGA",
                "α Lyr",
                "alpha Lyr",
                "Alpha Lyrae",
                "3 Lyr",
                "HD 172167",
                "hip91262",
            ],
        ),
        ("Albireo", &["β Cyg", "Beta Cygni", "beta1 Cyg"]),
        ("Rigil Kentaurus", &["α Cen", "Alpha Centauri", "α1 Cen"]),
        ("61 Cyg", &["61 Cygni", "HIP 104214"]),
        ("Bélénos", &["Belenos"]),
        ("Barnard's Star", &["barnards star"]),
        ("Alnilam", &["ε Ori", "Epsilon Orionis"]),
        ("Jupiter", &["jupiter"]),
        ("Moon", &["moon", "Luna"]),
        ("NGC 2264", &["Christmas Tree Cluster"]),
        (
            "Double Double",
            &["ε1 Lyr", "eps1 Lyr", "Eps-1 Lyrae", "ε¹ Lyr"],
        ),
        ("ε2 Lyr", &["eps Lyr", "epsilon Lyrae"]),
        ("Cor Caroli", &["α² CVn", "alf02 CVn"]),
        ("C 9", &["Sh2-155", "SH 2 155"]),
    ] {
        for name in names.iter().chain([&first]) {
            let found = find(name).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            assert_eq!(found["name"], first, "{name}");
            assert_eq!(found["names"][0], first, "{name}");
        }
    }
}

#[test]
fn two_numbers_are_never_taken_for_one() {
    for name in ["M 2-9", "M 1-7", "M 4.2", "C 2-0", "M 4 2", "NGC 22/4"] {
        let why = refused(find(name));
        assert_eq!(
            why,
            format!("nothing is called {name:?}; `search` looks for a part of a name")
        );
    }
}

#[test]
fn a_letter_of_a_star_is_the_one_that_was_written() {
    for (names, hip) in [
        (&["a Car", "a Carinae", "a car"][..], "HIP 45080"),
        (&["A Car", "A Carinae", "A CAR"], "HIP 32761"),
        (&["p Car", "p car"], "HIP 51576"),
        (&["P Car", "P Carinae", "P CAR"], "HIP 51192"),
        (&["n Vel"], "HIP 42624"),
        (&["N Vel", "N Velorum"], "HIP 46701"),
        // There is no other: who writes all letters alike means it.
        (
            &["Y CVn", "y cvn", "Y Canum Venaticorum", "Y CVN"],
            "HIP 62223",
        ),
    ] {
        for name in names {
            let found = find(name).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let is_told = found["names"].as_array().unwrap().contains(&json!(hip));
            assert!(is_told, "{name}: {found}");
        }
    }
    let why = refused(find("y CVn"));
    assert!(why.starts_with("nothing is called"), "{why}");
}

#[test]
fn well_known_names_are_those_of_the_right_objects() {
    for (object, names) in [
        ("M 101", &["Pinwheel Galaxy"][..]),
        ("M 13", &["Hercules Cluster", "Great Hercules Cluster"]),
        ("NGC 2024", &["Flame Nebula"]),
        ("NGC 4490", &["Cocoon Galaxy"]),
        ("IC 1805", &["Heart Nebula"]),
        ("NGC 104", &["47 Tuc", "47 Tucanae"]),
        ("ESO056-115", &["LMC"]),
        ("NGC 292", &["SMC"]),
        ("η Car", &["Eta Carinae", "eta Car"]),
        ("NGC 3372", &["Eta Carinae Nebula"]),
        ("γ Aql", &["Tarazed"]),
        ("α Gru", &["Alnair", "Al Nair"]),
        ("ω Sgr", &["Terebellum"]),
        ("ι Hya", &["Ukdah"]),
        ("σ CMa", &["Nganurganity", "Unurgunite"]),
    ] {
        for name in names {
            let found = find(name).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let is_told = found["names"].as_array().unwrap().contains(&json!(object));
            assert!(is_told, "{name}: {found}");
        }
    }
}

#[test]
fn every_messier_and_caldwell_number_that_the_source_has_is_found() {
    for number in 1..=110 {
        let found = find(&format!("M {number}")).unwrap();
        assert!(
            found["names"]
                .as_array()
                .unwrap()
                .contains(&json!(format!("M {number}"))),
            "{found}"
        );
    }
    for number in 1..=109 {
        let found = find(&format!("Caldwell {number}")).unwrap();
        assert!(
            found["names"]
                .as_array()
                .unwrap()
                .contains(&json!(format!("C {number}"))),
            "{found}"
        );
    }
}

#[test]
fn what_is_known_of_an_object_is_told() {
    let found = find("Andromeda Galaxy").unwrap();
    assert_eq!(
        found["names"],
        json!(["M 31", "NGC 224", "UGC 454", "Andromeda Galaxy"])
    );
    assert_eq!(found["type"], "galaxy");
    assert_eq!(found["constellation"], "Andromeda");
    assert_eq!(found["j2000"], json!({"ra": 0.712319, "dec": 41.26906}));
    assert_eq!(
        (&found["magnitude"], &found["band"]),
        (&json!(3.44), &json!("V"))
    );
    assert_eq!(found["size"], json!({"major": 177.83, "minor": 69.66}));
    for nobody_knows in ["altitude", "azimuth", "seen_from"] {
        assert_eq!(found[nobody_knows], Value::Null, "{nobody_knows}");
    }
    let found = find("IC 1").unwrap();
    assert_eq!(
        (&found["magnitude"], &found["size"]),
        (&Value::Null, &Value::Null)
    );
}

#[test]
fn the_position_of_now_is_the_one_of_the_catalogue_converted() {
    // By astropy 8.0.2: SkyCoord(10.68479, 41.26906, unit="deg").transform_to(TETE(Time("2026-01-01"))).
    let jnow = find("M 31").unwrap()["jnow"].take();
    let near = |key: &str, value: f64| (jnow[key].as_f64().unwrap() - value).abs() < 1e-4;
    assert!(near("ra", 0.736109) && near("dec", 41.41571), "{jnow}");
}

#[test]
fn a_star_is_where_its_proper_motion_has_taken_it() {
    // At the beginning of 2026, by astropy 8.0.2 of SIMBAD's places and motions: SkyCoord(…).apply_space_motion(Time("2026-01-01")).
    for (name, ra, dec) in [
        ("Arcturus", 14.260_462_67, 19.167_964_10),
        ("Rigil Kentaurus", 14.656_502_60, -60.830_560_71),
        ("Barnard's Star", 17.963_084_53, 4.768_204_42),
        ("Polaris", 2.531_971_35, 89.264_023_32),
    ] {
        let j2000 = find(name).unwrap()["j2000"].take();
        let off = [
            (j2000["ra"].as_f64().unwrap() - ra) * 15.0 * f64::to_radians(dec).cos(),
            j2000["dec"].as_f64().unwrap() - dec,
        ];
        // Seconds of arc. Places are to 0.36", and of Barnard's Star SIMBAD has 0.03" a year more than Hipparcos: 0.8" by then.
        assert!(
            off.iter().all(|off| off.abs() * 3600.0 < 1.0),
            "{name}: {j2000}"
        );
    }
}

#[test]
fn a_mount_goes_to_what_was_found_without_a_change() {
    let found = find("NGC 7000").unwrap();
    let goto: Goto = serde_json::from_value(found["j2000"].clone()).unwrap();
    let place = Equatorial {
        ra: 20.988095,
        dec: 44.52878,
    };
    assert_eq!(goto.target().unwrap(), Where::Stars(place, Frame::J2000));
}

#[test]
fn an_unknown_name_is_refused_with_the_nearest_ones() {
    for (name, near) in [
        (
            "Andromdea Galaxy",
            r#"nothing is called "Andromdea Galaxy"; there is Andromeda Galaxy"#,
        ),
        (
            "Betelguese",
            r#"nothing is called "Betelguese"; there is Betelgeuse"#,
        ),
        (
            "Jupitre",
            r#"nothing is called "Jupitre"; there is Jupiter"#,
        ),
        (
            "Magellanic",
            r#"nothing is called "Magellanic"; there are Large Magellanic Cloud and Small Magellanic Cloud"#,
        ),
        (
            // V822 Cas and others are there, and are other stars.
            "V Cas",
            r#"nothing is called "V Cas"; `search` looks for a part of a name"#,
        ),
        (
            "NGC 9999",
            r#"nothing is called "NGC 9999"; `search` looks for a part of a name"#,
        ),
        (
            "???",
            r#"nothing is called "???"; `search` looks for a part of a name"#,
        ),
    ] {
        assert_eq!(refused(find(name)), near);
    }
}
