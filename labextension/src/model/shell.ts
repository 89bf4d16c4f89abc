/** Words as a shell reads and writes them, as Python's shlex does. */

const SAFE = /^[\w@%+=:,./-]+$/;
const WORD = /(?:[^\s'"\\]|\\[\s\S]|'[^']*'|"(?:[^"\\]|\\[\s\S])*")+|(\S)/g;

/** Write words so that a shell reads them back. */
export function join(words: readonly string[]): string {
  return words
    .map(word => (SAFE.test(word) ? word : `'${word.replace(/'/g, `'"'"'`)}'`))
    .join(' ');
}

/** Read words; null if a quote has no end. */
export function split(text: string): string[] | null {
  const found = [];
  for (const [word, wrong] of text.matchAll(WORD)) {
    if (wrong !== undefined) {
      return null;
    }
    found.push(
      word.replace(/\\([\s\S])|'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"/g, bare)
    );
  }
  return found;
}

function bare(
  _: string,
  escaped?: string,
  single?: string,
  double?: string
): string {
  return escaped ?? single ?? (double ?? '').replace(/\\(["\\])/g, '$1');
}
