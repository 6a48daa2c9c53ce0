import { InputError } from '../../../lib/base/errors/input-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { isDigest } from '../../../lib/base/names/digest.ts';
import { formatDockerReference, parseDockerReference } from '../../../lib/base/names/docker-reference.ts';
import { formatPlatform, parsePlatform } from '../../../lib/base/names/platform.ts';
import { MAX_PULLSPEC_LENGTH, parsePullspec, parseReference } from '../../../lib/base/names/reference.ts';
import { parseRegistryHost } from '../../../lib/base/names/registry-host.ts';
import { findSpellingFault, parseScope } from '../../../lib/base/names/scope.ts';
import { parseStoreUrl } from '../../../lib/base/names/store-url.ts';
import { parseHttpUrl, toShownUrl } from '../../../lib/platform/http/http-url.ts';
import type { Draw } from '../draw.ts';
import { mutateBytes } from '../mutate/bytes.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';

const HEX = '0065822bf39b11e3a3113eb2dee4bddf0a07fe0967892498771bd9728e145ad0';
const DIGEST = `sha256:${HEX}`;
const SEEDS = [
  `quay.io/openshift-release-dev/ocp-release@${DIGEST}`,
  `registry.example.com:5000/a/b_c/d--e:4.20.1-x86_64@${DIGEST}`,
  'ubuntu',
  'library/ubuntu:latest',
  'localhost/a:b',
  `[2001:db8::1]:5000/a/b@${DIGEST}`,
  `index.docker.io/a/b@sha512:${HEX}${HEX}`,
  'EXAMPLE.com:0443/a',
  HEX,
  '*.example.com',
  'example.com/namespace',
  'https://mirror.openshift.com/pub/openshift-v4/signatures/openshift/release/',
  'http://user:password@127.0.0.1:8080/a?b#c',
  'file:///srv/signatures',
  'linux/arm64/v8',
  'sha384:00',
].map((text) => Buffer.from(text));
const PARTS = [
  '@',
  ':',
  '/',
  '.',
  '-',
  '_',
  '__',
  '%2f',
  '%00',
  '..',
  '//',
  '://',
  '\\',
  '[',
  ']',
  '#',
  '?',
  ' ',
  '\t',
  '\n',
  '\0',
  'K',
  'İ',
  'ａ',
  'é',
  '\u202e',
  '\ud800',
  'sha256:',
  HEX,
  DIGEST,
  '127.0.0.1',
  '0x7f.1',
  '::1',
  'xn--a',
  'localhost',
  'docker.io',
  ':443',
  ':65536',
  ':00',
  'A'.repeat(256),
  'a/'.repeat(130),
].map((text) => Buffer.from(text));

/** The grammar of `distribution/reference`, as one expression: another reading than that of the parsers. */
const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const GRAMMAR = new RegExp(
  `^(?:(?:[A-Za-z0-9.-]+|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?/)?${COMPONENT}(?:/${COMPONENT})*(?::[A-Za-z0-9_][\\w.-]{0,127})?(?:@(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}))?$`,
);
const NAME = new RegExp(`^(?:[a-z0-9][a-z0-9.-]*|\\[[0-9a-f:]+\\])(?::[0-9]+)?/${COMPONENT}(?:/${COMPONENT})*$`);

/** Each reader of a name: what it makes of a text has to follow the grammar, and to be read again as the same. */
const READERS: readonly ((text: string) => string | undefined)[] = [
  (text) => {
    const { repository, tag, digest } = parsePullspec(text);
    if (text.length > MAX_PULLSPEC_LENGTH) return `${text.length} characters`;
    if (!GRAMMAR.test(text) || !NAME.test(repository)) return 'against the grammar';
    const written = `${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
    const again = parseReference(written);
    return again.repository === repository && again.tag === tag && again.digest === digest
      ? undefined
      : 'not read back as the same';
  },
  (text) => {
    const reference = parseDockerReference(text);
    if (!/^[\w.:/@[\]-]+$/.test(text)) return 'odd characters';
    const written = formatDockerReference(reference);
    return formatDockerReference(parseDockerReference(written)) === written ? undefined : 'not read back as the same';
  },
  (text) => {
    const scope = parseScope(text);
    const name = scope.kind === 'prefix' ? scope.prefix : scope.domain;
    return /^[\w.:/[\]-]+$/.test(name) && name === name.toLowerCase() ? undefined : 'a scope with odd characters';
  },
  (text) => {
    const host = parseRegistryHost(text);
    if (parseRegistryHost(host) !== host) return 'not read back as the same';
    return /^[a-z0-9.:[\]-]+$/.test(host) ? undefined : 'a host with odd characters';
  },
  (text) => {
    const written = formatPlatform(parsePlatform(text));
    return written === text ? undefined : 'not written as it was read';
  },
  (text) => {
    const url = readStoreUrl(text);
    if (parseStoreUrl(url) !== url) return 'not read back as the same';
    return /[?#\s\\]|^https?:\/\/[^/]*@/.test(url) ? 'a store with odd characters' : undefined;
  },
  (text) => {
    const url = parseHttpUrl(text);
    toShownUrl(url);
    return ['http:', 'https:'].includes(url.protocol) ? undefined : 'another scheme';
  },
  (text) => {
    if (!isDigest(text)) throw new InputError('DigestInvalid', 'no digest');
    return /^sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})$/.test(text) ? undefined : 'no digest';
  },
  (text) => {
    findSpellingFault(text);
    return undefined;
  },
];

/** It declares a plain Error, whose message is all that it says. */
function readStoreUrl(text: string): string {
  try {
    return parseStoreUrl(text);
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) throw new InputError('ArgumentInvalid', error.message);
    throw error;
  }
}

/** Pullspecs, names, scopes, hosts, platforms and URLs. The first octet says which reader gets the rest. */
export function createReferences(): FuzzTarget {
  return {
    name: 'references',
    summary: 'pullspecs, names, scopes, hosts, platforms, digests and URLs',
    open: async (): Promise<OpenTarget> => ({ make, check }),
  };
}

function make(draw: Draw): Uint8Array {
  let text: Buffer = draw.pick(SEEDS);
  for (let edits = draw.below(4); edits > 0; edits--) {
    const at = draw.below(text.length + 1);
    text = draw.once(2)
      ? mutateBytes(draw, text, SEEDS)
      : Buffer.concat([text.subarray(0, at), draw.pick(PARTS), text.subarray(at)]);
  }
  return Buffer.concat([Buffer.from([draw.below(READERS.length)]), text]);
}

function check(input: Uint8Array): Outcome {
  const read = READERS[(input[0] ?? 0) % READERS.length];
  if (read === undefined) return REFUSED;
  const text = Buffer.from(input.subarray(1)).toString();
  try {
    const fault = read(text);
    return fault === undefined
      ? GENUINE
      : { kind: 'wrong accept', detail: `${fault}: ${JSON.stringify(text.slice(0, 300))}` };
  } catch (error) {
    if (error instanceof InputError || error instanceof StoreError) return REFUSED;
    throw error;
  }
}
