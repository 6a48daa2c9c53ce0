import type { ResultWriter } from '../options.ts';
import { toPrintable } from '../output.ts';
import { toJudgementWriter } from './complete-judgement.ts';
import type { Judged, JudgedFinding, Judgement } from './judgement.ts';

/**
 * A judgement as JUnit XML, with what Jenkins, GitLab and Tekton's dashboards read alike: a test case for each thing that
 * was judged, a failure for what is rejected, an error for what is not decided.
 */
export const writeJunit: ResultWriter = toJudgementWriter('junit', ({ command, judged }: Judgement): string => {
  const count = (outcome: Judged['outcome']): number => judged.filter((one) => one.outcome === outcome).length;
  const counts = `tests="${judged.length}" failures="${count('rejected')}" errors="${count('indeterminate')}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="signet" ${counts}>`,
    `  <testsuite name="${toAttribute(`signet ${command}`)}" ${counts} skipped="0">`,
    ...judged.flatMap((one) => toCase(one, `signet.${command.replaceAll(' ', '.')}`)),
    '  </testsuite>',
    '</testsuites>',
  ].join('\n');
});

const ELEMENTS = { rejected: 'failure', indeterminate: 'error' } as const;

function toCase(one: Judged, group: string): readonly string[] {
  const { outcome, findings, notes = [], name, file, line } = one;
  const place = file === undefined ? [] : [`named in ${file}${line === undefined ? '' : `:${line}`}`];
  const open = `    <testcase classname="${toAttribute(group)}" name="${toAttribute(name)}"`;
  const inner: string[] = [];
  if (outcome !== 'accepted') {
    const [first] = findings;
    const element = ELEMENTS[outcome];
    const type = toAttribute(first?.code ?? outcome);
    const text = [...findings.flatMap(toLines), ...place].map(toText).join('\n');
    inner.push(
      `      <${element} type="${type}" message="${toAttribute(first?.message ?? outcome)}">${text}</${element}>`,
    );
  }
  if (notes.length > 0) {
    inner.push(`      <system-out>${notes.flatMap(toLines).map(toText).join('\n')}</system-out>`);
  }
  return inner.length === 0 ? [`${open}/>`] : [`${open}>`, ...inner, '    </testcase>'];
}

function toLines({ code, message, details = [], remedy }: JudgedFinding): readonly string[] {
  const more = details.map((line) => `  ${line}`);
  return [`${code}: ${message}`, ...more, ...(remedy === undefined ? [] : [`→ ${remedy}`])];
}

/** What XML 1.0 cannot hold even as a reference, beside the controls that are shown already. */
const NO_CHARACTER = /[\uFFFE\uFFFF]|\p{Cs}/gu;
const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Text of a line. A message of a stranger stays text: no markup, no control, no line of its own. */
function toText(untrusted: string): string {
  return toPrintable(untrusted)
    .replace(NO_CHARACTER, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replaceAll(/[&<>"']/g, (character) => MARKUP[character] ?? '');
}

const toAttribute = toText;
