//! What is on the wire of Socket.IO and Engine.IO is read as what it means, and written as it was
//! read; what breaks a rule is an error that says which. The transcripts are those of node's
//! `socket.io` 4 and of `python-socketio` 5.
#![cfg(test)]
#![cfg(feature = "socketio")]

use std::{collections::HashMap, time::Duration};

use glassloop_ws::socketio::{
    Arguments, Binary, Body, CodecError, Data, Decoder, EnginePacket, Handshake, Packet,
    PacketLimits,
};
use serde_json::{Value, json};
use tungstenite::Bytes;

fn decoder() -> Decoder {
    Decoder::new(PacketLimits::default())
}

/// A text that is a whole packet.
fn packet(text: &str) -> Result<Packet, CodecError> {
    let packet = decoder().text(text)?;
    Ok(packet.unwrap_or_else(|| panic!("{text:?} is waited for the rest of")))
}

fn event(name: &str, arguments: impl Arguments) -> Data {
    Data::event(name, arguments).unwrap()
}

fn ack(arguments: impl Arguments) -> Data {
    Data::ack(arguments).unwrap()
}

#[test]
fn each_transcript_is_read_as_what_it_means_and_written_as_it_was() {
    let sid = json!({ "sid": "x" });
    let why = json!({ "message": "Invalid namespace" });
    let transcripts = [
        ("0", "/", Body::Connect(None)),
        (r#"0{"token":"123"}"#, "/", Body::Connect(Some(json!({ "token": "123" })))),
        (r#"0{"pid":"y","sid":"x"}"#, "/", Body::Connect(Some(json!({ "sid": "x", "pid": "y" })))),
        (r#"0/admin,{"t":1}"#, "/admin", Body::Connect(Some(json!({ "t": 1 })))),
        (r#"0/admin,{"sid":"x"}"#, "/admin", Body::Connect(Some(sid))),
        ("0/admin?a=b,", "/admin?a=b", Body::Connect(None)),
        ("1", "/", Body::Disconnect),
        ("1/admin,", "/admin", Body::Disconnect),
        (r#"2["hey",1]"#, "/", Body::Event(event("hey", 1_u32), None)),
        (r#"27["hey",1]"#, "/", Body::Event(event("hey", 1_u32), Some(7))),
        (r#"2/admin,12["a"]"#, "/admin", Body::Event(event("a", ()), Some(12))),
        (
            r#"2["a",[1],{"b":null},"c"]"#,
            "/",
            Body::Event(event("a", (vec![1], json!({ "b": null }), "c")), None),
        ),
        (r#"37["x"]"#, "/", Body::Ack(ack("x"), 7)),
        ("30[]", "/", Body::Ack(ack(()), 0)),
        ("3/admin,18446744073709551615[]", "/admin", Body::Ack(ack(()), u64::MAX)),
        (r#"4/random,{"message":"Invalid namespace"}"#, "/random", Body::ConnectError(why)),
        (
            r#"4/random,"Unable to connect""#,
            "/random",
            Body::ConnectError(json!("Unable to connect")),
        ),
        (r#"2["träge,\"[","/x,"]"#, "/", Body::Event(event("träge,\"[", "/x,"), None)),
    ];
    for (text, namespace, body) in transcripts {
        let meant = Packet::new(namespace, body);
        assert_eq!(packet(text).unwrap(), meant, "{text}");
        assert_eq!(meant.to_string(), text);
    }
}

#[test]
fn attachments_follow_their_packet_and_stand_where_they_stood() {
    let [one, two] = [Bytes::from_static(&[1, 2, 3]), Bytes::from_static(&[])];
    let data = event("baz", (Binary(one.clone()), json!({ "n": 1 }), vec![Binary(two.clone())]));
    let packet = Packet::new("/files", Body::Event(data.clone(), Some(9)));
    let text = "52-/files,9[\"baz\",{\"_placeholder\":true,\"num\":0},{\"n\":1},\
                [{\"_placeholder\":true,\"num\":1}]]";
    assert_eq!(packet.to_string(), text);
    assert_eq!(packet.attachments(), [one.clone(), two.clone()]);

    let mut decoder = decoder();
    assert_eq!(decoder.text(text).unwrap(), None);
    assert_eq!(decoder.binary(one.clone()).unwrap(), None);
    assert!(decoder.is_waiting());
    assert_eq!(decoder.binary(two.clone()).unwrap(), Some(packet));
    assert!(!decoder.is_waiting());
    let (first, _, rest): (Binary, Value, Vec<Binary>) = data.arguments().unwrap();
    assert_eq!((first.0, &rest[0].0), (one.clone(), &two));
    assert_eq!(data.argument::<Binary>(0).unwrap(), Binary(one.clone()));

    // An acknowledgement, of which the attachment stands deep within.
    let text = r#"61-9[{"a":[{"_placeholder":true,"num":0}]}]"#;
    decoder.text(text).unwrap();
    let packet = decoder.binary(one.clone()).unwrap().unwrap();
    assert_eq!(packet.to_string(), text);
    let Body::Ack(data, 9) = packet.body else { panic!("it is an acknowledgement") };
    let (map,): (HashMap<String, Vec<Binary>>,) = data.arguments().unwrap();
    assert_eq!(map["a"], [Binary(one)]);
}

#[test]
fn what_breaks_a_rule_is_an_error_that_says_which() {
    for (text, expected) in [
        ("", "expected a packet, came \"\""),
        ("abc", "which begins with 0 to 6, came \"abc\""),
        ("7", "which begins with 0 to 6"),
        ("0[]", "expected an object to connect with"),
        ("0\"x\"", "expected an object to connect with"),
        ("1{}", "expected a disconnect without a payload"),
        ("2", "expected an event"),
        ("2[]", "it has no name"),
        ("2{}", "expected an event"),
        ("2[true]", "a name, which is a text or a number"),
        (
            "2[\"hey\"",
            "expected an event, an array that begins with its name, came \"[\\\"hey\\\"\"",
        ),
        ("2[\"hey\",]", "trailing comma"),
        ("2[\"hey\"]x", "trailing characters"),
        ("2[\"connect\"]", "whose name is not reserved, came \"connect\""),
        ("2[\"disconnecting\",1]", "whose name is not reserved"),
        ("218446744073709551616[\"a\"]", "a number below 2 to the 64th"),
        ("3[]", "an acknowledgement with its number"),
        ("37", "expected an array"),
        ("37{}", "expected an array"),
        ("37[1", "expected an array"),
        ("4", "expected a payload that is JSON"),
        ("4[]", "an object or a text that says why not"),
        ("4/a,7", "a payload that is JSON"),
        ("5[\"a\"]", "the number of its attachments, and `-`"),
        ("50-[\"a\"]", "at least one attachment, and no more than allowed"),
        ("511-[\"a\"]", "at least one attachment, and no more than allowed"),
        ("599999999999999999999-[\"a\"]", "at least one attachment, and no more than allowed"),
        ("51-[\"a\",{\"_placeholder\":true,\"num\":1}]", "the place of one of 1 attachments"),
        ("51-[\"a\",{\"_placeholder\":true,\"num\":-1}]", "the place of one of 1 attachments"),
        ("51-[\"a\",{\"_placeholder\":true}]", "the place of one of 1 attachments"),
        ("61-[]", "an acknowledgement with its number"),
    ] {
        let error = decoder().text(text).expect_err(text).to_string();
        assert!(error.contains(expected) && error.starts_with("expected "), "{text}: {error}");
    }
    let mut decoder = decoder();
    let error = decoder.binary(Bytes::from_static(&[1])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "expected a packet before its attachments, came a binary message of 1 bytes"
    );
    decoder.text(r#"52-["a",{"_placeholder":true,"num":0}]"#).unwrap();
    let error = decoder.text(r#"2["b"]"#).unwrap_err();
    assert_eq!(error.to_string(), r#"expected attachment 1 of 2, came "2[\"b\"]""#);
}

#[test]
fn nothing_is_taken_that_is_deeper_longer_or_more_than_the_limits() {
    let limits = PacketLimits {
        attachments_max: 1,
        depth_max: 3,
        namespace_bytes_max: 6,
        packet_bytes_max: 40,
    };
    let text = |text: &str| Decoder::new(limits).text(text);
    text(r#"2["a",[[1]]]"#).unwrap();
    assert!(text(r#"2["a",[[[1]]]]"#).unwrap_err().to_string().contains("nests less deep"));
    text(r#"2["[[[[[[[","\\\"[[[["]"#).unwrap();
    text("1/admin,").unwrap();
    assert!(text("1/admins,").unwrap_err().to_string().contains("a shorter name"));
    assert!(text(&format!("2[\"{}\"]", "a".repeat(40))).unwrap_err().to_string().contains("40"));
    assert!(text("52-[\"a\"]").is_err());
    let mut decoder = Decoder::new(limits);
    decoder.text("51-[\"a\"]").unwrap();
    let error = decoder.binary(vec![0; 33].into()).unwrap_err().to_string();
    assert_eq!(error, "expected a packet of at most 40 bytes, came 41 or more");
    // As deep as it may be by default, it can still be read.
    let deep = format!("2[\"a\",{}1{}]", "[".repeat(99), "]".repeat(99));
    let Body::Event(data, _) = packet(&deep).unwrap().body else { panic!("it is an event") };
    data.arguments::<(Value,)>().unwrap();
    assert!(packet(&format!("2[\"a\",{}1{}]", "[".repeat(100), "]".repeat(100))).is_err());
}

#[test]
fn arguments_are_read_as_what_they_are_and_the_error_says_what_was_expected() {
    let data = event("move", (1_u64, "two", json!({ "three": 3 })));
    let all: (u64, String, HashMap<String, u8>) = data.arguments().unwrap();
    assert_eq!((all.0, &*all.1, all.2["three"]), (1, "two", 3));
    assert_eq!(data.arguments::<(u64,)>().unwrap(), (1,), "others are passed over");
    assert_eq!(data.argument::<String>(1).unwrap(), "two");
    assert_eq!(data.arguments::<Vec<Value>>().unwrap().len(), 3);
    let error = data.arguments::<(String,)>().unwrap_err().to_string();
    assert!(error.starts_with("expected arguments of `move` as (alloc::string::String,), came"));
    assert!(error.contains("invalid type: integer `1`, expected a string"), "{error}");
    let error = data.arguments::<(u64, String, Value, u64)>().unwrap_err().to_string();
    assert!(error.contains("expected a tuple of size 4"), "{error}");
    let error = data.argument::<u64>(3).unwrap_err().to_string();
    assert!(error.starts_with("expected argument 3 as u64, came"), "{error}");
    // A name may be a number.
    let Body::Event(data, None) = packet("2[7,8]").unwrap().body else { panic!("it is an event") };
    assert_eq!((data.name(), data.argument::<u64>(0).unwrap()), ("7", 8));
    // What serde can't write is told.
    let maps = HashMap::from([(vec![1], 2)]);
    let error = Data::event("map", (maps,)).unwrap_err().to_string();
    assert!(error.contains("arguments of `map` that are JSON"), "{error}");
    let error = serde_json::to_string(&Binary::default()).unwrap_err().to_string();
    assert_eq!(error, "a `Binary` can be written in an event alone");
}

#[test]
fn a_message_of_engine_io_is_one_of_seven_kinds() {
    let open = "0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,\"pingTimeout\":20000,\
                \"maxPayload\":1000000}";
    let handshake = Handshake {
        sid: "x".to_owned(),
        upgrades: Vec::new(),
        ping_interval: Duration::from_secs(25),
        ping_timeout: Duration::from_secs(20),
        payload_bytes_max: 1_000_000,
    };
    for (text, packet) in [
        (open, EnginePacket::Open(handshake)),
        ("1", EnginePacket::Close),
        ("2", EnginePacket::Ping("")),
        ("2probe", EnginePacket::Ping("probe")),
        ("3", EnginePacket::Pong("")),
        ("42[\"hey\"]", EnginePacket::Message("2[\"hey\"]")),
        ("5", EnginePacket::Upgrade),
        ("6", EnginePacket::Noop),
    ] {
        assert_eq!(EnginePacket::decode(text).unwrap(), packet);
        let written = packet.to_string();
        assert_eq!(EnginePacket::decode(&written).unwrap(), packet, "{written}");
    }
    // Of a server that rounds 300 ms down, and says no limit.
    let python = r#"0{"sid":"x","upgrades":[],"pingTimeout":20000,"pingInterval":0}"#;
    let EnginePacket::Open(handshake) = EnginePacket::decode(python).unwrap() else {
        panic!("it opens")
    };
    assert_eq!((handshake.ping_interval, handshake.payload_bytes_max), (Duration::ZERO, 0));
    for (text, expected) in [
        ("", "which begins with 0 to 6, came \"\""),
        ("abc", "which begins with 0 to 6, came \"abc\""),
        ("1x", "without a payload"),
        ("0", "a handshake of Engine.IO"),
        (r#"0{"pingInterval":1,"pingTimeout":1}"#, "with `sid`, a text, came null"),
        (r#"0{"sid":"x","pingInterval":"1","pingTimeout":1}"#, "`pingInterval`, milliseconds"),
    ] {
        let error = EnginePacket::decode(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

/// A number below `end`, of a sequence that its seed decides.
fn below(state: &mut u64, end: usize) -> usize {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from((*state >> 33) % end as u64).unwrap()
}

#[test]
fn a_random_packet_comes_out_as_it_went_in_and_no_change_of_its_text_panics() {
    let words = ["", "a", "hey", "/x,", "\"", "\\", "träge", "[1]", "7", "\u{0}"];
    for seed in 0..500_u64 {
        let state = &mut seed.clone();
        let mut word = || words[below(state, words.len())];
        let arguments = (word(), json!({ word(): [word(), 1, null] }), Binary::from(word()));
        let namespace = ["/", "/admin", "/a?b=c"][below(state, 3)];
        let number = [None, Some(0), Some(7), Some(u64::MAX)][below(state, 4)];
        let body = match below(state, 4) {
            0 => Body::Connect(number.map(|n| json!({ "n": n }))),
            1 => Body::Event(event("a name", arguments), number),
            2 => Body::Ack(ack(arguments), number.unwrap_or(1)),
            _ => Body::ConnectError(json!(namespace)),
        };
        let packet = Packet::new(namespace, body);
        let text = packet.to_string();
        let mut whole = decoder();
        let mut came = whole.text(&text).unwrap();
        for attachment in packet.attachments() {
            assert_eq!(came, None);
            came = whole.binary(attachment.clone()).unwrap();
        }
        assert_eq!(came, Some(packet), "seed {seed}: {text}");
        // A byte less, a byte more, another byte: it is a packet, or an error that says why not.
        for _ in 0..50 {
            let mut bytes = text.clone().into_bytes();
            let place = below(state, bytes.len());
            match below(state, 3) {
                0 => drop(bytes.remove(place)),
                1 => bytes.insert(place, b"0,[{\"-/\\"[below(state, 8)]),
                _ => bytes[place] = b"9,]}\":-/"[below(state, 8)],
            }
            let Ok(text) = String::from_utf8(bytes) else { continue };
            if let Ok(Some(packet)) = decoder().text(&text) {
                let again = decoder().text(&packet.to_string());
                assert_eq!(again, Ok(Some(packet)), "seed {seed}: {text}");
            }
        }
    }
}
