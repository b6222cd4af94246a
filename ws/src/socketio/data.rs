//! `Data`: the arguments of an event or an acknowledgement, as JSON and attachments, and how values
//! of Rust become them and come of them.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Serialize,
    de::{
        Deserialize, DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor,
        value::SeqAccessDeserializer,
    },
};
use serde_json::Value;
use tungstenite::{Bytes, Utf8Bytes};

use super::{CodecError, binary};

/// The arguments of an event, behind its name, or of an acknowledgement.
///
/// ```
/// use glassloop_ws::socketio::{Binary, Body, Data, Packet};
///
/// let upload = Data::event("upload", ("a.png", Binary::from(vec![1, 2, 3])))?;
/// assert_eq!(upload.json(), r#"["upload","a.png",{"_placeholder":true,"num":0}]"#);
/// let (name, bytes): (String, Binary) = upload.arguments()?;
/// assert_eq!((&*name, &*bytes.0), ("a.png", &[1, 2, 3][..]));
/// assert_eq!(upload.argument::<String>(0)?, "a.png");
///
/// let answer = Packet::new("/files", Body::Ack(Data::ack(("stored", 3_u64))?, 7));
/// assert_eq!(answer.to_string(), r#"3/files,7["stored",3]"#);
/// assert!(answer.attachments().is_empty());
/// # Ok::<(), glassloop_ws::socketio::CodecError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Data {
    /// A JSON array. Attachments are placeholders in it. A clone shares it.
    json: Utf8Bytes,
    attachments: Vec<Bytes>,
    name: Name,
}

/// Where the name of an event is. An acknowledgement has none.
#[derive(Clone, PartialEq, Eq)]
enum Name {
    None,
    /// Within the JSON: so many bytes of it, behind the bracket and the quote.
    Within(usize),
    /// The JSON says it with escapes, as a number, or behind spaces.
    Apart(Box<str>),
}

/// Where a name stands if the JSON says it as it is.
const NAME_AT: usize = r#"[""#.len();

impl Name {
    fn of(json: &str, name: &str) -> Name {
        let as_it_is = json.get(NAME_AT..NAME_AT + name.len()) == Some(name);
        match as_it_is && json[..NAME_AT] == *r#"[""# {
            true => Name::Within(name.len()),
            false => Name::Apart(name.into()),
        }
    }
}

impl Data {
    /// What was read and found to be an array, whose placeholders have attachments.
    pub(super) fn read(json: &str, name: Option<&str>) -> Data {
        let name = name.map_or(Name::None, |name| Name::of(json, name));
        Data { json: json.into(), attachments: Vec::new(), name }
    }

    /// Its attachments have come.
    pub(super) fn attach(&mut self, attachments: Vec<Bytes>) {
        self.attachments = attachments;
    }

    /// An event of this name.
    ///
    /// # Errors
    /// When serde can't write an argument.
    pub fn event(name: &str, arguments: impl Arguments) -> Result<Data, CodecError> {
        Data::write(Some(name), arguments)
    }

    /// An acknowledgement.
    ///
    /// # Errors
    /// When serde can't write an argument.
    pub fn ack(arguments: impl Arguments) -> Result<Data, CodecError> {
        Data::write(None, arguments)
    }

    fn write(name: Option<&str>, arguments: impl Arguments) -> Result<Data, CodecError> {
        let mut json = vec![b'['];
        let fault = |error: serde_json::Error| {
            let of = name.map_or("an acknowledgement".to_owned(), |name| format!("`{name}`"));
            CodecError::new(format!("arguments of {of} that are JSON"), error)
        };
        if let Some(name) = name {
            serde_json::to_writer(&mut json, name).map_err(fault)?;
        }
        let (written, attachments) = binary::collect(|| arguments.write(&mut json));
        written.map_err(fault)?;
        json.push(b']');
        if !attachments.is_empty() {
            own_places(&json, attachments.len())?;
        }
        let json = String::from_utf8(json).map_err(|error| CodecError::new("UTF-8", error))?;
        let name = name.map_or(Name::None, |name| Name::of(&json, name));
        Ok(Data { json: json.into(), attachments, name })
    }

    /// The JSON array, with the name of the event first if it has one, and placeholders for
    /// attachments.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The attachments, by the numbers of their placeholders.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// All its bytes: those of the JSON, and those of the attachments.
    pub(super) fn bytes(&self) -> usize {
        self.json.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }

    /// The last argument, if that is a text.
    pub(super) fn last_text(&self) -> Option<String> {
        if !self.json.ends_with("\"]") {
            return None;
        }
        let mut values: Vec<Value> = self.arguments().ok()?;
        match values.pop() {
            Some(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    /// The name of the event. A number that is one is told as text. Empty for an acknowledgement.
    pub fn name(&self) -> &str {
        match &self.name {
            Name::None => "",
            Name::Within(bytes) => &self.json[NAME_AT..NAME_AT + bytes],
            Name::Apart(name) => name,
        }
    }

    /// The arguments, as a tuple or whatever else serde reads from an array. Those that are not
    /// asked for are passed over.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub fn arguments<T: DeserializeOwned>(&self) -> Result<T, CodecError> {
        let skip = self.name != Name::None;
        let read = || {
            let mut json = serde_json::Deserializer::from_str(&self.json);
            json.deserialize_seq(ArgumentsOf { skip, values: PhantomData })
        };
        binary::provide(&self.attachments, read).map_err(|error| {
            let of = if skip { format!("`{}`", self.name()) } else { "an acknowledgement".into() };
            let expected = format!("arguments of {of} as {}", std::any::type_name::<T>());
            CodecError::quoting(expected, &self.json).because(error)
        })
    }

    /// One argument, counted from 0.
    ///
    /// # Errors
    /// What was expected, and what came.
    pub fn argument<T: DeserializeOwned>(&self, index: usize) -> Result<T, CodecError> {
        let values: Vec<Value> = self.arguments()?;
        let of = || format!("argument {index} as {}", std::any::type_name::<T>());
        let value = values.get(index).ok_or_else(|| CodecError::quoting(of(), &self.json))?;
        let read = || T::deserialize(value);
        binary::provide(&self.attachments, read)
            .map_err(|error| CodecError::quoting(of(), &self.json).because(error))
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = Vec::from_iter(self.attachments.iter().map(Bytes::len));
        f.debug_struct("Data").field("json", &self.json).field("attached_bytes", &bytes).finish()
    }
}

/// Whether each place of an attachment is one that was written here, for one of so many. What comes
/// from elsewhere may hold more, and they would stand for ours.
fn own_places(json: &[u8], attachments: usize) -> Result<(), CodecError> {
    fn places(value: &Value, found: &mut Vec<usize>) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| places(value, found)),
            Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
                found.push(binary::number(value).unwrap_or(usize::MAX));
            }
            Value::Object(fields) => fields.values().for_each(|value| places(value, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    let value = serde_json::from_slice(json).map_err(|error| CodecError::new("JSON", error))?;
    places(&value, &mut found);
    found.sort_unstable();
    match found.iter().copied().eq(0..attachments) {
        true => Ok(()),
        false => {
            let expected = "no place of an attachment but those of `Binary`";
            Err(CodecError::quoting(expected, &String::from_utf8_lossy(json)))
        }
    }
}

/// The first element of an array: a text or a number, told as text. Borrowed if the JSON says it as
/// it is.
pub(super) struct First<'a>(pub(super) Cow<'a, str>);

impl<'de> Deserialize<'de> for First<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<First<'de>, D::Error> {
        struct Names;

        impl<'de> Visitor<'de> for Names {
            type Value = First<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array whose first element is the name of an event")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rest: A) -> Result<First<'de>, A::Error> {
                use serde::de::Error;
                let first = rest.next_element::<NameText<'de>>()?;
                let NameText(name) = first.ok_or_else(|| A::Error::custom("it has no name"))?;
                while rest.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(name))
            }
        }

        deserializer.deserialize_seq(Names)
    }
}

/// A text, or a number told as one.
struct NameText<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for NameText<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NameText<'de>, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = NameText<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name, which is a text or a number")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<NameText<'de>, E> {
                Ok(NameText(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<NameText<'de>, E> {
                Ok(NameText(Cow::Owned(text.to_owned())))
            }

            fn visit_u64<E>(self, number: u64) -> Result<NameText<'de>, E> {
                Ok(NameText(Cow::Owned(number.to_string())))
            }

            fn visit_i64<E>(self, number: i64) -> Result<NameText<'de>, E> {
                Ok(NameText(Cow::Owned(number.to_string())))
            }

            fn visit_f64<E>(self, number: f64) -> Result<NameText<'de>, E> {
                Ok(NameText(Cow::Owned(Value::from(number).to_string())))
            }
        }

        deserializer.deserialize_any(Texts)
    }
}

/// An array of anything.
pub(super) struct Array;

impl<'de> Deserialize<'de> for Array {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Array, D::Error> {
        Vec::<IgnoredAny>::deserialize(deserializer).map(|_| Array)
    }
}

/// Reads the arguments from an array, behind the name.
struct ArgumentsOf<T> {
    skip: bool,
    values: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for ArgumentsOf<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of arguments")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<T, A::Error> {
        if self.skip {
            array.next_element::<IgnoredAny>()?;
        }
        let values = T::deserialize(SeqAccessDeserializer::new(&mut array))?;
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(values)
    }
}

/// What an event or an acknowledgement can be given: no arguments, `()`; several, a tuple of what
/// serde can write; or one of a simple type. Anything else that is one argument goes as a tuple of
/// one: `(value,)`.
pub trait Arguments {
    /// Writes them, each behind a comma if there is something before it.
    ///
    /// # Errors
    /// When serde can't write one.
    fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()>;
}

fn push(value: &(impl Serialize + ?Sized), json: &mut Vec<u8>) -> serde_json::Result<()> {
    if json.last() != Some(&b'[') {
        json.push(b',');
    }
    serde_json::to_writer(json, value)
}

impl Arguments for () {
    fn write(&self, _: &mut Vec<u8>) -> serde_json::Result<()> {
        Ok(())
    }
}

macro_rules! one {
    ($($kind:ty)*) => {$(
        impl Arguments for $kind {
            fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
                push(self, json)
            }
        }
    )*};
}

one!(bool u32 u64 i32 i64 f64 &str String Value super::Binary);

macro_rules! several {
    ($($name:ident)*) => {
        impl<$($name: Serialize),*> Arguments for ($($name,)*) {
            fn write(&self, json: &mut Vec<u8>) -> serde_json::Result<()> {
                #[allow(non_snake_case, reason = "each has the name of its type")]
                let ($($name,)*) = self;
                $(push($name, json)?;)*
                Ok(())
            }
        }
    };
}

several!(A);
several!(A B);
several!(A B C);
several!(A B C D);
several!(A B C D E);
several!(A B C D E F);
several!(A B C D E F G);
several!(A B C D E F G H);
