/** A place and its answer, as a test wants them found again. */
export interface SampleAnswer {
  readonly place: Readonly<Record<string, unknown>>;
  readonly answer: 'absent' | 'failed' | 'refused' | 'misconfigured';
  readonly text: string;
  /** As library-go writes it, without the time. */
  readonly written: string;
}

export interface SampleFailure {
  readonly version: string;
  readonly image: string;
  readonly digest: string;
  readonly keyrings: readonly string[];
  readonly answers: readonly { readonly at: string; readonly answer: SampleAnswer }[];
}

const NO_MORE = 'no more signatures to check';

export function configMapAnswer(name: string, digest: string): SampleAnswer {
  return {
    place: { kind: 'config-map', name },
    answer: 'absent',
    text: NO_MORE,
    written: `prefix ${digest.replace(':', '-')} in config map ${name}: ${NO_MORE}`,
  };
}

export function urlAnswer(store: string, index: number, digest: string, said: string): SampleAnswer {
  const url = `${store}/${digest.replace(':', '=')}/signature-${index}`;
  return {
    place: { kind: 'url', url },
    answer: said === NO_MORE ? 'absent' : 'failed',
    text: said,
    written: `unable to retrieve signature from ${url}: ${said}`,
  };
}

export function requestAnswer(store: string, digest: string, said: string): SampleAnswer {
  const url = `${store}/${digest.replace(':', '=')}/signature-1`;
  return { place: { kind: 'url', url }, answer: 'failed', text: said, written: `Get "${url}": ${said}` };
}

export function storesAnswer(urls: readonly string[]): SampleAnswer {
  const names = urls.map((url) => `containers/image signature store under ${url}`);
  return {
    place: { kind: 'stores', urls: [...new Set(urls)] },
    answer: 'absent',
    text: NO_MORE,
    written: `parallel signature store wrapping ${names.length === 0 ? 'no stores' : names.join(', ')}: ${NO_MORE}`,
  };
}

export function serialAnswer(urls: readonly string[]): SampleAnswer {
  const { written, ...rest } = storesAnswer(urls);
  const inner = written.slice(0, -`: ${NO_MORE}`.length);
  const label = 'config maps in openshift-config-managed with label "release.openshift.io/verification-signatures"';
  const custom = 'ClusterVersion signatureStores unset, falling back to default stores';
  return { ...rest, written: `serial signature store wrapping ${label}, ${custom}, ${inner}: ${NO_MORE}` };
}

export function refusedAnswer(text: string): SampleAnswer {
  return { place: { kind: 'signature' }, answer: 'refused', text, written: text };
}

export function signatureStoresAnswer(text: string, answer: 'absent' | 'misconfigured'): SampleAnswer {
  return { place: { kind: 'signature-stores' }, answer, text, written: text };
}

export const EMPTY_STORES =
  'ClusterVersion spec.signatureStores is an empty array. Unset signatureStores entirely if you want to enable the default signature stores';
export const EXHAUSTED = 'ClusterVersion spec.signatureStores exhausted without finding a valid signature';

function toSentence({ digest, keyrings }: SampleFailure): string {
  return `unable to verify ${digest} against keyrings: ${keyrings.join(', ')}`;
}

/** As Kubernetes joins errors: one alone, several in brackets. */
function toList({ answers }: SampleFailure): readonly string[] {
  const errors = answers.map(({ at, answer }) => `${at}: ${answer.written}`);
  if (errors.length < 2) return errors;
  return [`[${errors.join(', ')}]`];
}

/** The texts that clusters make of one failure, in F11's templates; those of `long` hold every answer. */
export const TEMPLATES: Readonly<Record<string, { readonly isLong: boolean; write(failure: SampleFailure): string }>> =
  {
    condition: { isLong: false, write: (failure) => `${toHead(failure)}${toSentence(failure)}` },
    event: {
      isLong: true,
      write: (failure) => [`${toHead(failure)}${toSentence(failure)}`, ...toList(failure)].join(' // '),
    },
    'accepted risks': {
      isLong: true,
      write: (failure) =>
        [
          `Target release version="${failure.version}" image="${failure.image}" cannot be verified, but continuing anyway because the update was forced: ${toSentence(failure)}`,
          ...toList(failure),
        ].join('\n'),
    },
    'a line of a log': {
      isLong: true,
      write: (failure) =>
        `W1122 10:11:12.131415       1 updatepayload.go:143] ${[`${toHead(failure)}${toSentence(failure)}`, ...toList(failure)].join(' // ')}\n`,
    },
    'an object': {
      isLong: true,
      write: (failure) =>
        JSON.stringify({
          apiVersion: 'v1',
          kind: 'List',
          items: [
            {
              apiVersion: 'v1',
              kind: 'Event',
              reason: 'RetrievePayloadFailed',
              message: [`${toHead(failure)}${toSentence(failure)}`, ...toList(failure)].join(' // '),
            },
          ],
        }),
    },
  };

function toHead({ version, image }: SampleFailure): string {
  return `Retrieving payload failed version="${version}" image="${image}" failure=The update cannot be verified: `;
}
