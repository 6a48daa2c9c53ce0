import type { JSX } from 'preact';
import type { Attempt } from '../api/answers.ts';
import { toPhrase } from '../text/phrases.ts';
import { Hex, Pullspec } from './words.tsx';

/** A store that had nothing, or had no more. */
export const ABSENT = 'SignatureNotFound';

/** In the order in which they were asked; the evidence of each attempt is folded below its line. */
export function AttemptList({ attempts }: { readonly attempts: readonly Attempt[] }): JSX.Element {
  return (
    <ul class="sg-plain">
      {attempts.map((attempt, index) => (
        <li key={index}>
          <details class="sg-details">
            <summary>
              {attempt.code === 'Verified'
                ? 'A signature that verifies'
                : attempt.code === ABSENT
                  ? 'No more signatures'
                  : toPhrase(attempt.code)}
              : {attempt.message}
            </summary>
            <dl class="sg-facts">
              <dt>Code</dt>
              <dd>{attempt.code}</dd>
              <dt>Place</dt>
              <dd>
                <code>{attempt.location}</code>
              </dd>
              {attempt.keyring !== undefined && (
                <>
                  <dt>Keyring</dt>
                  <dd>{attempt.keyring}</dd>
                </>
              )}
              {attempt.signer !== undefined && (
                <>
                  <dt>Signer</dt>
                  <dd>
                    <Hex text={attempt.signer} what="fingerprint" />
                  </dd>
                </>
              )}
              {attempt.image !== undefined && (
                <>
                  <dt>Image</dt>
                  <dd>
                    <Pullspec text={attempt.image} />
                  </dd>
                </>
              )}
              {attempt.note !== undefined && (
                <>
                  <dt>Note</dt>
                  <dd>{attempt.note}</dd>
                </>
              )}
            </dl>
          </details>
        </li>
      ))}
    </ul>
  );
}
