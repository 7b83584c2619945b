//! What the standard library does for every type and every pattern, here for the few that are needed: its general code
//! would be a noticeable part of the widget.

/// The text before and after the first of an ASCII sign.
pub(crate) fn split_once(text: &str, sign: u8) -> Option<(&str, &str)> {
    let place = text.bytes().position(|byte| byte == sign)?;
    Some((text.get(..place)?, text.get(place + 1..)?))
}

/// The number in hexadecimal digits.
pub(crate) fn hex(number: u64) -> String {
    let mut digits = String::new();
    for place in (0..16).rev() {
        let digit = (number >> (4 * place)) as u32 & 0xf;
        if digit != 0 || place == 0 || !digits.is_empty() {
            digits.extend(char::from_digit(digit, 16));
        }
    }
    digits
}
