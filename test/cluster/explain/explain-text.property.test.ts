import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explainText } from '../../../lib/cluster/explain/explain-text.ts';
import {
  configMapAnswer,
  EMPTY_STORES,
  EXHAUSTED,
  refusedAnswer,
  requestAnswer,
  type SampleAnswer,
  type SampleFailure,
  serialAnswer,
  signatureStoresAnswer,
  storesAnswer,
  TEMPLATES,
  urlAnswer,
} from './sample-messages.ts';

const hex = (length: number): fc.Arbitrary<string> =>
  fc
    .array(fc.constantFrom(...Array.from('0123456789abcdef')), { minLength: length, maxLength: length })
    .map((all) => all.join(''));
const digests = fc.oneof(
  { weight: 8, arbitrary: hex(64).map((text) => `sha256:${text}`) },
  hex(96).map((text) => `sha384:${text}`),
  hex(128).map((text) => `sha512:${text}`),
);
const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/);
const stores = fc
  .tuple(word, word, word)
  .map(([host, name, path]) => `https://${host}.${name}.example/${path}/release`);
const times = fc
  .date({ min: new Date('2019-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  .chain((date) => fc.constantFrom('Z', '+05:30', '-08:00').map((zone) => `${date.toISOString().slice(0, 19)}${zone}`));
const networkFaults = fc.constantFrom(
  'dial tcp: lookup mirror.openshift.com on [fd02::a]:53: no such host',
  'dial tcp 10.0.0.1:443: connect: connection refused',
  'tls: failed to verify certificate: x509: certificate is valid for a.example, b.example, not c.example',
  'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  'Forbidden',
);

function answersFor(digest: string): fc.Arbitrary<SampleAnswer> {
  return fc.oneof(
    word.map((name) => configMapAnswer(name, digest)),
    fc
      .tuple(
        stores,
        fc.integer({ min: 1, max: 9 }),
        fc.constantFrom('no more signatures to check', 'response status 403'),
      )
      .map(([store, index, said]) => urlAnswer(store, index, digest, said)),
    fc.tuple(stores, networkFaults).map(([store, said]) => requestAnswer(store, digest, said)),
    fc.array(stores, { maxLength: 3 }).map(storesAnswer),
    fc.array(stores, { maxLength: 3 }).map(serialAnswer),
    fc
      .constantFrom(
        'signature digest does not match',
        'invalid signature',
        'not signed',
        'could not read the message: unexpected EOF',
        "signature error: openpgp: invalid signature: hash tag doesn't match",
      )
      .map(refusedAnswer),
    fc.constantFrom(signatureStoresAnswer(EXHAUSTED, 'absent'), signatureStoresAnswer(EMPTY_STORES, 'misconfigured')),
  );
}

const failures: fc.Arbitrary<SampleFailure> = digests.chain((digest) =>
  fc.record({
    digest: fc.constant(digest),
    version: fc.constantFrom('', '4.16.37', '4.19.0-okd-scos.1', '5.0.0-ec.0'),
    image: fc.tuple(word, word).map(([host, name]) => `${host}.example:5000/${name}/release@${digest}`),
    keyrings: fc
      .uniqueArray(word, { minLength: 1, maxLength: 4 })
      .map((names) => names.map((name) => `verifier-public-key-${name}`)),
    answers: fc.uniqueArray(fc.record({ at: times, answer: answersFor(digest) }), {
      maxLength: 12,
      selector: ({ answer }) => answer.written,
    }),
  }),
);

describe('what a template is made of is what is understood', () => {
  test.each(Object.keys(TEMPLATES))('%s', (name) => {
    const template = TEMPLATES[name];
    fc.assert(
      fc.property(failures, (failure) => {
        const explanation = explainText(template?.write(failure) ?? '');
        expect(explanation).toMatchObject({ pulls: [], mentioned: [], notUnderstood: [], otherMessages: 0 });
        expect(explanation.releases).toHaveLength(1);
        const [release] = explanation.releases;
        expect(release).toMatchObject({ digest: failure.digest, image: failure.image, keyrings: failure.keyrings });
        expect(release?.version ?? '').toBe(failure.version);
        expect(release?.states).toEqual([name === 'accepted risks' ? 'forced' : 'refused']);
        const expected = template?.isLong === true ? failure.answers : [];
        const answers = expected.map(({ at, answer: { place, answer, text } }) => ({ at, place, answer, text }));
        expect(release?.asked).toHaveLength(dedupe(answers).length);
        for (const answer of dedupe(answers)) expect(release?.asked).toContainEqual(answer);
      }),
      { numRuns: 300 },
    );
  });
});

/** The same answer of the same place counts once, with its last time. */
function dedupe<T extends { readonly place: unknown; readonly answer: string; readonly text: string }>(
  answers: readonly T[],
): readonly T[] {
  return [...new Map(answers.map((one) => [JSON.stringify([one.place, one.answer, one.text]), one])).values()];
}

test('several failures in one text stay apart', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(failures, { minLength: 2, maxLength: 4, selector: ({ digest }) => digest }),
      (several) => {
        const text = several.map((failure) => TEMPLATES['event']?.write(failure)).join('\n');
        const { releases, notUnderstood } = explainText(text);
        expect(notUnderstood).toEqual([]);
        expect(releases.map(({ digest, image, keyrings }) => ({ digest, image, keyrings }))).toEqual(
          several.map(({ digest, image, keyrings }) => ({ digest, image, keyrings })),
        );
      },
    ),
    { numRuns: 200 },
  );
});

describe('texts that were never seen', () => {
  const pieces = fc.oneof(
    fc.string({ maxLength: 40 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
    digests,
    digests.map((digest) => digest.slice(0, 40)),
    failures.chain((failure) =>
      fc
        .tuple(fc.constantFrom(...Object.values(TEMPLATES)), fc.nat({ max: 400 }), fc.nat({ max: 400 }))
        .map(([template, from, length]) => template.write(failure).slice(from, from + length)),
    ),
    fc.constantFrom(
      'Failed to pull image "',
      'unable to verify ',
      ' against keyrings: ',
      '\n',
      ' // ',
      'sha256:',
      'image="',
    ),
  );

  test('no digest is told that is not in the text, and nothing is thrown', () => {
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (all) => {
        const text = all.join('');
        const { releases, pulls, mentioned } = explainText(text);
        const told = [...[...releases, ...pulls].flatMap(({ digest }) => digest ?? []), ...mentioned];
        // A name may go on in the next line.
        const whole = text.replaceAll(/\s/g, '');
        for (const digest of told) expect(whole).toContain(digest.slice(digest.indexOf(':') + 1));
        for (const { image } of [...releases, ...pulls]) {
          if (image !== undefined && !text.includes('\\')) expect(whole).toContain(image);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('plain sentences are given back whole', () => {
    const sentences = fc.array(fc.stringMatching(/^[b-df-hj-np-tv-z]{2,8}$/), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sentences, (words) => {
        const text = words.join(' ');
        expect(explainText(text)).toEqual({
          releases: [],
          pulls: [],
          gates: [],
          mentioned: [],
          notUnderstood: [text],
          otherMessages: 0,
        });
      }),
    );
  });

  test('a long text ends: at this length quadratic time would be hours', () => {
    const bad =
      'Failed to pull image "a rpc error: code = unable to verify sha256: against keyrings: [2026-11-22T00:00:00Z: ';
    expect(explainText(bad.repeat(100_000)).releases).toEqual([]);
  });
});
