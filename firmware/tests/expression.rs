//! Checks the evaluator against an independent one, on expressions of any shape.
//!
//! The reference never parses: it generates syntax trees, writes each as text with no more
//! parentheses than needed, and computes it in 128 bits while it writes, so that it knows the
//! position of every operator.

use firmware::CheckedCalculator;
use firmware::calculator::{Calculator, ExpressionError, ExpressionReason};
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;

#[derive(Clone, Debug)]
enum Tree {
    Number(u64),
    Parenthesised(Box<Tree>),
    Signed(char, Box<Tree>),
    Binary(Box<Tree>, char, Box<Tree>),
}

type Value = Result<i128, ExpressionError>;

impl Tree {
    fn precedence(&self) -> u8 {
        match self {
            Self::Binary(_, '+' | '-', _) => 0,
            Self::Binary(..) => 1,
            _ => 2,
        }
    }

    /// Appends the expression to `text` and returns its value.
    fn write(&self, text: &mut String, spaces: &str) -> Value {
        text.push_str(spaces);
        let at = text.len();
        let value = match self {
            Self::Number(number) => {
                text.push_str(&number.to_string());
                in_range(i128::from(*number), at)
            }
            Self::Parenthesised(inner) => {
                text.push('(');
                let value = inner.write(text, spaces);
                text.push(')');
                value
            }
            Self::Signed(sign, inner) => {
                text.push(*sign);
                let value = inner.write_within(2, text, spaces);
                match (sign, &**inner) {
                    ('-', Tree::Number(0x8000_0000)) => Ok(i128::from(i32::MIN)),
                    ('-', _) => value.and_then(|value| in_range(-value, at)),
                    _ => value,
                }
            }
            Self::Binary(left, operator, right) => {
                let x = left.write_within(self.precedence(), text, "");
                text.push_str(spaces);
                let at = text.len();
                text.push(*operator);
                // A right operand of the same level needs parentheses, a left one does not.
                let y = right.write_within(self.precedence() + 1, text, spaces);
                x.and_then(|x| y.and_then(|y| compute(x, *operator, y, at)))
            }
        };
        text.push_str(spaces);
        value
    }

    /// Does the same, in parentheses if this binds less tightly than `precedence`.
    fn write_within(&self, precedence: u8, text: &mut String, spaces: &str) -> Value {
        if self.precedence() < precedence {
            Self::Parenthesised(Box::new(self.clone())).write(text, spaces)
        } else {
            self.write(text, spaces)
        }
    }
}

fn compute(x: i128, operator: char, y: i128, at: usize) -> Value {
    let value = match operator {
        '+' => Some(x + y),
        '-' => Some(x - y),
        '*' => Some(x * y),
        '/' => x.checked_div(y),
        _ => x.checked_rem(y),
    };
    match value {
        Some(value) => in_range(value, at),
        None => Err(error(at, ExpressionReason::DivideByZero)),
    }
}

fn in_range(value: i128, at: usize) -> Value {
    match i32::try_from(value) {
        Ok(_) => Ok(value),
        Err(_) => Err(error(at, ExpressionReason::Overflow)),
    }
}

fn error(position: usize, reason: ExpressionReason) -> ExpressionError {
    let position = u16::try_from(position).expect("the expressions here are short");
    ExpressionError { position, reason }
}

/// Generates trees of which even the deepest opens no more than 8 parentheses and signs at once.
fn trees() -> impl Strategy<Value = Tree> {
    let number = prop_oneof![
        12 => 0_u64..20,
        4 => 0_u64..100_000,
        1 => 0x7fff_fff0_u64..0x8000_0010,
        1 => any::<u64>(),
    ];
    // Each of the 4 levels opens 2 at most: a sign and the parentheses it needs.
    number
        .prop_map(Tree::Number)
        .prop_recursive(4, 24, 2, |inner| {
            let operator = prop::sample::select(&['+', '-', '*', '/', '%'][..]);
            prop_oneof![
                1 => inner.clone().prop_map(|tree| Tree::Parenthesised(Box::new(tree))),
                1 => (prop::sample::select(&['+', '-'][..]), inner.clone())
                    .prop_map(|(sign, tree)| Tree::Signed(sign, Box::new(tree))),
                4 => (inner.clone(), operator, inner)
                    .prop_map(|(x, operator, y)| Tree::Binary(Box::new(x), operator, Box::new(y))),
            ]
        })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        // The default looks for a `lib.rs` or `main.rs` beside this file.
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::default()
    })]

    #[test]
    fn an_expression_has_the_value_or_error_that_its_tree_has(
        tree in trees(),
        spaces in prop::sample::select(&["", " ", "\t\n"][..]),
    ) {
        let mut text = String::new();
        let expected = tree.write(&mut text, spaces);
        let actual = CheckedCalculator::new().evaluate(&text);
        prop_assert_eq!(actual.map(i128::from), expected, "{}", text);
    }

    #[test]
    fn the_position_of_any_error_is_that_of_a_character_or_the_end(
        text in "[-+*/%() 0-9é]{0,40}|\\PC{0,40}",
    ) {
        if let Err(error) = CheckedCalculator::new().evaluate(&text) {
            prop_assert!(text.is_char_boundary(usize::from(error.position)), "{error:?}");
        }
    }
}
