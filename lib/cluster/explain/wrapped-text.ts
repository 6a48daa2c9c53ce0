/** A text with its lines as they were before it was wrapped. */
export interface JoinedText {
  readonly text: string;
  /** False where two lines may as well have been written so: then it has to say more. */
  readonly isCertain: boolean;
}

/** A line that begins a record of its own: a time, a prefix of klog, a field of `oc`, a level, a mark of a list. */
const HEAD =
  /^\s*(?:[0-9]{4}[-/]|[IWEF][0-9]{4} |[0-9]{1,4}[smhd]\s|[A-Z]\w{0,63}(?:: |=(?:True|False|Unknown)$)|(?:error(?!: code = )|warning|info): |(?:accepted|rejected|indeterminate)(?: {1,6}\S| {0,6}$)|[-*\u2022#] |$)/;
/** The same, where `error: ` is a word in the middle of a sentence, which has room for it nowhere else. */
const HEAD_BUT_ERROR =
  /^\s*(?:[0-9]{4}[-/]|[IWEF][0-9]{4} |[0-9]{1,4}[smhd]\s|[A-Z]\w{0,63}(?:: |=(?:True|False|Unknown)$)|(?:accepted|rejected|indeterminate)(?: {1,6}\S| {0,6}$)|[-*\u2022#] |$)/;
/** A terminal is not narrower. */
const MIN_WIDTH = 20;
/** Breaks in a text that show that it was wrapped: one line alone may be of that length. */
const MIN_BREAKS = 2;

/** A text as it may have been before a terminal or a mail wrapped it; none where nothing joins. */
export function listJoinedTexts(text: string): readonly JoinedText[] {
  if (!text.includes('\n')) return [];
  const within = joinWrappedLines(text, HEAD_BUT_ERROR);
  return [joinCutLines(text), joinWrappedLines(text), ...(within.isCertain ? [within] : [])].filter(
    (joined) => joined.text !== text,
  );
}

/** Cut at a width, in the middle of words: lines as long as the longest go on in the next. */
export function joinCutLines(text: string): JoinedText {
  const lines = text.split('\n');
  const width = lines.reduce((most, { length }) => Math.max(most, length), 0);
  if (width < MIN_WIDTH) return { text, isCertain: false };
  const isFull = (line: string | undefined): boolean => line?.length === width;
  // A line that comes again is no row of another.
  const rows = new Set(lines.filter((line, at) => isFull(line) && (isFull(lines[at - 1]) || isFull(lines[at + 1]))));
  const joined = lines.map((line) => (line.length === width ? line : `${line}\n`)).join('');
  return { text: joined, isCertain: rows.size >= MIN_BREAKS };
}

/** Wrapped at spaces: a line that begins no record goes on with the one before. */
function joinWrappedLines(text: string, head = HEAD): JoinedText {
  const lines = text.split('\n');
  const width = lines.reduce((most, { length }) => Math.max(most, length), 0);
  const joined: string[][] = [];
  let breaks = 0;
  let isGreedy = true;
  for (const [at, line] of lines.entries()) {
    const before = lines[at - 1] ?? '';
    const last = joined.at(-1);
    if (last === undefined || head.test(line)) {
      joined.push([line]);
      continue;
    }
    // The first word would have had no place in the line before.
    const [word = ''] = line.trimStart().split(' ', 1);
    isGreedy &&= before.length + 1 + word.length > width;
    breaks += 1;
    last.push(line);
  }
  const rows = joined.map((parts) =>
    parts.length === 1 ? parts.join('') : parts.map((part, at) => (at === 0 ? part.trimEnd() : part.trim())).join(' '),
  );
  return { text: rows.join('\n').replaceAll(/ {2,}/g, ' '), isCertain: isGreedy && breaks >= MIN_BREAKS };
}
