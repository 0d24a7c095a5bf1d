//! Names in C: made of those in the description, never one that C or the library has, and no two the same.

use heck::ToSnakeCase;
use std::collections::HashSet;

/// The words of C and C++, and what common headers and compilers define in small letters.
const WORDS: &[&str] = &[
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "assert",
    "atomic_cancel",
    "atomic_commit",
    "atomic_noexcept",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "far",
    "float",
    "for",
    "friend",
    "goto",
    "i386",
    "if",
    "inline",
    "int",
    "interrupt",
    "linux",
    "long",
    "mutable",
    "namespace",
    "near",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "offsetof",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "reflexpr",
    "register",
    "reinterpret_cast",
    "requires",
    "restrict",
    "return",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "synchronized",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "typeof",
    "typeof_unqual",
    "union",
    "unix",
    "unsigned",
    "using",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
];

/// The names of files that a system or the library has.
const FILES: &[&str] = &["aux", "con", "nul", "prn", "serial_rpc"];

/// The longest part of a name, in characters.
const LONGEST: usize = 120;

/// Returns a name as a part of an identifier, in snake case.
pub fn snake(name: &str) -> String {
    plain(&name.to_snake_case())
}

/// Returns a name as an identifier that stands alone: an argument, a field or a variant's content.
pub fn alone(name: &str) -> String {
    let name = plain(name);
    match WORDS.contains(&&*name) || name.starts_with("__") {
        true => format!("{name}_"),
        false => name,
    }
}

/// Returns the name of a file, without its extension.
pub fn file(name: &str) -> String {
    let name = snake(name);
    match FILES.contains(&&*name) || WORDS.contains(&&*name) {
        true => format!("{name}_device"),
        false => name,
    }
}

/// Replaces what no identifier may have, or not everywhere.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for character in name.chars().take(LONGEST) {
        match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '_' => plain.push(character),
            character if character.is_ascii() => plain.push('_'),
            character => plain += &format!("u{:x}", u32::from(character)),
        }
    }
    let starts_well = plain.starts_with(|first: char| first.is_ascii_alphabetic());
    match starts_well {
        true => plain,
        // Identifiers that begin with `_` are the compiler's, or nearly so.
        false => format!("n{plain}"),
    }
}

/// Names that must differ from one another.
#[derive(Default)]
pub struct Scope(HashSet<String>);

impl Scope {
    /// Creates that of a function or type, which has these names already.
    pub fn with(taken: &[&str]) -> Self {
        Self(taken.iter().map(|&name| name.to_owned()).collect())
    }

    /// Returns a name that was not taken: that one, or with `suffix` or a number behind it.
    pub fn take(&mut self, wanted: &str, suffix: &str) -> String {
        let is_of_library = wanted.starts_with("srpc_") || wanted.starts_with("SRPC_");
        let is_of_c = is_type_of_c(wanted) || WORDS.contains(&wanted);
        if !is_of_library && !is_of_c && self.0.insert(wanted.to_owned()) {
            return wanted.to_owned();
        }
        let wanted = match is_of_library {
            true => format!("x_{wanted}"),
            false => wanted.to_owned(),
        };
        let mut name = match is_of_library {
            true => wanted.clone(),
            false => format!("{wanted}{suffix}"),
        };
        let mut number = 2;
        while is_type_of_c(&name) || !self.0.insert(name.clone()) {
            name = format!("{wanted}{suffix}_{number}");
            number += 1;
        }
        name
    }
}

/// Returns true for names such as `uint8_t` and `INT_MAX`, which headers of C define.
fn is_type_of_c(name: &str) -> bool {
    let lower = name.to_lowercase();
    let number = lower.trim_start_matches('u');
    let is_number = number.starts_with("int")
        && (number.ends_with("_t")
            || number.ends_with("_max")
            || number.ends_with("_min")
            || number.ends_with("_c"));
    is_number
        || matches!(
            &*lower,
            "size_t" | "ssize_t" | "ptrdiff_t" | "size_max" | "wint_t" | "max_align_t"
        )
}
