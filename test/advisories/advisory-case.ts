import { describe, expect, test } from 'vitest';

/** A published advisory of a peer, as a question to Signet. */
export interface AdvisoryCase {
  /** By every name under which docs/advisories.md lists it. */
  readonly advisory: string;
  /** What the peer did. */
  readonly what: string;
  /** `accept`, or the code with which Signet refuses the attack's bytes. */
  readonly attack: () => string;
  readonly expected: string;
  /** The same without the attack, which has to be accepted: else the refusal would show nothing. */
  readonly control: () => string;
}

/** A test for each case, which names its advisory. */
export function testAdvisories(peer: string, cases: readonly AdvisoryCase[]): void {
  describe.each([peer])('%s', () => {
    test.each(cases)('$advisory: $what: $expected', ({ attack, expected, control }) => {
      expect(control()).toBe('accept');
      expect(expected).not.toBe('accept');
      expect(attack()).toBe(expected);
    });
  });
}
