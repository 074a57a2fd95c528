/**
 * What a terminal acts on instead of showing it: the control characters (C0, DEL, C1 with the one-byte U+009B), what turns the
 * direction of text, the separators of lines and paragraphs, and halves of surrogate pairs.
 */
const commanding = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu;
const commandingButLineFeed = /(?!\n)[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}\p{Cs}]/gu;

/**
 * Text of unknown origin as one line that a terminal only shows: what it would act on is written as JSON writes it, `\u009b`.
 * JSON text keeps its value.
 */
export function terminalLine(text: string): string {
  return text.replace(commanding, escaped);
}

/** The same for text of several lines: line feeds stay. */
export function terminalLines(text: string): string {
  return text.replace(commandingButLineFeed, escaped);
}

function escaped(character: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  return short ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
