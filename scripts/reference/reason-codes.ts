import { REASON_CODES } from '../../lib/base/errors/reason-code.ts';
import { findSource, toCell, toCode, toHead, toPlainComment, toTable } from './read-source.ts';

/** docs/reference/reason-codes.md */
export function makeReasonCodes(): string {
  const source = findSource('export const REASON_CODES');
  const [, list = ''] = /REASON_CODES = \[([\s\S]*?)\n\] as const/.exec(source) ?? [];
  const explained = new Map(
    [...list.matchAll(/\/\*\*([\s\S]*?)\*\/\s+'(\w+)'/g)].map(([, comment = '', code = '']) => [
      code,
      toPlainComment(comment).split(' Remedy: '),
    ]),
  );
  const rows = REASON_CODES.map((code) => {
    const [meaning, remedy] = explained.get(code) ?? [];
    if (meaning === undefined || remedy === undefined) throw new Error(`${code} has no meaning or no remedy`);
    return [toCode(code), toCell(meaning), toCell(remedy)];
  });
  return `${toHead('Reason codes', 'the comments of `REASON_CODES`')}
Why a verdict is not \`accepted\`, or what an attempt or a warning found.
The code \`Verified\` stands in an attempt that satisfied a keyring or a requirement; its note says what current clusters could not check.

${toTable(['code', 'meaning', 'what to do'], rows).replace('limits.md', '[limits.md](limits.md)')}
`;
}
