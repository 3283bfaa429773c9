//! Types of the contract and of a component in one notation, that of WIT with the names of types spelled out.

use std::collections::BTreeMap;

use wasmtime::component::types::{ComponentFunc, Type as Found};
use wit_parser::{
    Function, Handle, Resolve, Type as Wanted, TypeDefKind, TypeId, WorldItem, WorldKey,
};

/// A function's params and result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signature {
    params: Vec<(String, String)>,
    result: String,
}

impl Signature {
    /// What differs: which part, as `self` has it and as `other` has it.
    pub(crate) fn differences<'a>(
        &'a self,
        other: &'a Signature,
    ) -> Vec<(String, &'a str, &'a str)> {
        let mut differences = Vec::new();
        for index in 0..self.params.len().max(other.params.len()) {
            let own = self.params.get(index).map_or("nothing", |(_, ty)| ty);
            let others = other.params.get(index).map_or("nothing", |(_, ty)| ty);
            if own != others {
                let name = self
                    .params
                    .get(index)
                    .or(other.params.get(index))
                    .map_or("", |(name, _)| name);
                differences.push((format!("the parameter `{name}`"), own, others));
            }
        }
        if self.result != other.result {
            differences.push(("the result".to_owned(), &self.result, &other.result));
        }
        differences
    }
}

/// A component's function.
pub(crate) fn found(function: &ComponentFunc) -> Signature {
    let params = function
        .params()
        .map(|(name, ty)| (name.to_owned(), of_found(&ty)));
    Signature {
        params: params.collect(),
        result: function
            .results()
            .next()
            .map_or_else(nothing, |ty| of_found(&ty)),
    }
}

/// The functions of a world's imports or exports.
pub(crate) fn wanted<'a>(
    resolve: &Resolve,
    items: impl IntoIterator<Item = (&'a WorldKey, &'a WorldItem)>,
) -> BTreeMap<String, BTreeMap<String, Signature>> {
    let interfaces = items.into_iter().filter_map(|(_, item)| match item {
        WorldItem::Interface { id, .. } => {
            let functions = &resolve.interfaces[*id].functions;
            let functions = functions
                .iter()
                .map(|(name, function)| (name.clone(), signature(resolve, function)));
            Some((resolve.id_of(*id)?, functions.collect()))
        }
        WorldItem::Function(_) | WorldItem::Type { .. } => None,
    });
    interfaces.collect()
}

fn signature(resolve: &Resolve, function: &Function) -> Signature {
    let params = function
        .params
        .iter()
        .map(|param| (param.name.clone(), of_wanted(resolve, &param.ty)));
    Signature {
        params: params.collect(),
        result: function
            .result
            .as_ref()
            .map_or_else(nothing, |ty| of_wanted(resolve, ty)),
    }
}

fn nothing() -> String {
    "nothing".to_owned()
}

fn of_found(ty: &Found) -> String {
    match ty {
        Found::Bool => "bool".into(),
        Found::S8 => "s8".into(),
        Found::U8 => "u8".into(),
        Found::S16 => "s16".into(),
        Found::U16 => "u16".into(),
        Found::S32 => "s32".into(),
        Found::U32 => "u32".into(),
        Found::S64 => "s64".into(),
        Found::U64 => "u64".into(),
        Found::Float32 => "f32".into(),
        Found::Float64 => "f64".into(),
        Found::Char => "char".into(),
        Found::String => "string".into(),
        Found::List(list) => format!("list<{}>", of_found(&list.ty())),
        Found::Option(option) => format!("option<{}>", of_found(&option.ty())),
        Found::Result(result) => result_text(
            result.ok().map(|ty| of_found(&ty)),
            result.err().map(|ty| of_found(&ty)),
        ),
        Found::Tuple(tuple) => format!("tuple<{}>", join(tuple.types().map(|ty| of_found(&ty)))),
        Found::Record(record) => format!(
            "record {{{}}}",
            join(
                record
                    .fields()
                    .map(|field| format!("{}: {}", field.name, of_found(&field.ty)))
            )
        ),
        Found::Variant(variant) => format!(
            "variant {{{}}}",
            join(
                variant
                    .cases()
                    .map(|case| case_text(case.name, case.ty.map(|ty| of_found(&ty))))
            )
        ),
        Found::Enum(names) => format!("enum {{{}}}", join(names.names().map(str::to_owned))),
        Found::Flags(flags) => format!("flags {{{}}}", join(flags.names().map(str::to_owned))),
        Found::Own(_) => "own<resource>".into(),
        Found::Borrow(_) => "borrow<resource>".into(),
        Found::Map(_)
        | Found::Future(_)
        | Found::Stream(_)
        | Found::ErrorContext
        | Found::FixedLengthList(_) => OTHER.into(),
    }
}

fn of_wanted(resolve: &Resolve, ty: &Wanted) -> String {
    match ty {
        Wanted::Bool => "bool".into(),
        Wanted::S8 => "s8".into(),
        Wanted::U8 => "u8".into(),
        Wanted::S16 => "s16".into(),
        Wanted::U16 => "u16".into(),
        Wanted::S32 => "s32".into(),
        Wanted::U32 => "u32".into(),
        Wanted::S64 => "s64".into(),
        Wanted::U64 => "u64".into(),
        Wanted::F32 => "f32".into(),
        Wanted::F64 => "f64".into(),
        Wanted::Char => "char".into(),
        Wanted::String => "string".into(),
        Wanted::ErrorContext => OTHER.into(),
        Wanted::Id(id) => of_definition(resolve, *id),
    }
}

fn of_definition(resolve: &Resolve, id: TypeId) -> String {
    let text = |ty: &Wanted| of_wanted(resolve, ty);
    match &resolve.types[id].kind {
        TypeDefKind::Type(ty) => text(ty),
        TypeDefKind::List(ty) => format!("list<{}>", text(ty)),
        TypeDefKind::Option(ty) => format!("option<{}>", text(ty)),
        TypeDefKind::Result(result) => {
            result_text(result.ok.as_ref().map(text), result.err.as_ref().map(text))
        }
        TypeDefKind::Tuple(tuple) => format!("tuple<{}>", join(tuple.types.iter().map(text))),
        TypeDefKind::Record(record) => {
            format!(
                "record {{{}}}",
                join(record.fields.iter().map(|field| format!(
                    "{}: {}",
                    field.name,
                    text(&field.ty)
                )))
            )
        }
        TypeDefKind::Variant(variant) => {
            format!(
                "variant {{{}}}",
                join(
                    variant
                        .cases
                        .iter()
                        .map(|case| case_text(&case.name, case.ty.as_ref().map(text)))
                )
            )
        }
        TypeDefKind::Enum(names) => format!(
            "enum {{{}}}",
            join(names.cases.iter().map(|case| case.name.clone()))
        ),
        TypeDefKind::Flags(flags) => format!(
            "flags {{{}}}",
            join(flags.flags.iter().map(|flag| flag.name.clone()))
        ),
        TypeDefKind::Handle(Handle::Own(_)) => "own<resource>".into(),
        TypeDefKind::Handle(Handle::Borrow(_)) => "borrow<resource>".into(),
        TypeDefKind::Resource
        | TypeDefKind::Map(..)
        | TypeDefKind::FixedLengthList(..)
        | TypeDefKind::Future(_)
        | TypeDefKind::Stream(_)
        | TypeDefKind::Unknown => OTHER.into(),
    }
}

/// A type that the contract does not use.
const OTHER: &str = "a type that the contract does not use";

fn result_text(ok: Option<String>, err: Option<String>) -> String {
    match (ok, err) {
        (None, None) => "result".into(),
        (Some(ok), None) => format!("result<{ok}>"),
        (ok, Some(err)) => format!("result<{}, {err}>", ok.unwrap_or_else(|| "_".into())),
    }
}

fn case_text(name: &str, payload: Option<String>) -> String {
    payload.map_or_else(|| name.to_owned(), |payload| format!("{name}({payload})"))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}
