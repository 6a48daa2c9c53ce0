import { isDeepStrictEqual } from 'node:util';
import { parseCatalog } from '../../../lib/artifact/catalog/parse-catalog.ts';
import { parseImageConfig, parseImageManifest } from '../../../lib/artifact/release/image/image-manifest.ts';
import { parseImageReferences } from '../../../lib/artifact/release/image/image-references.ts';
import { ReleaseError } from '../../../lib/artifact/release/image/release-error.ts';
import type { RawJsonValue } from '../../../lib/base/documents/json-value.ts';
import {
  parseStrictJson,
  parseStrictJsonWithRawNumbers,
  StrictJsonError,
} from '../../../lib/base/documents/parse-strict-json.ts';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { InputError } from '../../../lib/base/errors/input-error.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { StoreError } from '../../../lib/base/errors/store-error.ts';
import { toCanonicalJson } from '../../../lib/crypto/sigstore/canonical-json.ts';
import { parseRekorPayload, parseRekorSet } from '../../../lib/crypto/sigstore/rekor-set.ts';
import { type PayloadMode, parseSimpleSigningPayload } from '../../../lib/crypto/simple-signing-payload.ts';
import { parseGraph } from '../../../lib/mirror/graph/parse-graph.ts';
import { readSignatureLayers } from '../../../lib/registry/attachments/read-signature-layers.ts';
import { parseDescriptors } from '../../../lib/registry/client/list-referrers.ts';
import { parsePullSecret } from '../../../lib/registry/client/pull-secret.ts';
import { detectManifestType } from '../../../lib/registry/client/registry-answers.ts';
import { listImages } from '../../../lib/registry/images/list-children.ts';
import { MAX_INDEX_ENTRIES } from '../../../lib/registry/images/read-index.ts';
import { parseTrustFile } from '../../../lib/trust/documents/parse-trust-file.ts';
import { recogniseDocument } from '../../../lib/trust/documents/recognise-document.ts';

type Declared = abstract new (...args: never[]) => Error;

/** One reader of documents, the errors that it declares, and what is wrong with what it took. */
interface Reader {
  readonly name: string;
  readonly declared: readonly Declared[];
  /** Undefined where all is well. */
  readonly read: (bytes: Uint8Array, text: string) => string | undefined;
}

/** What JSON.parse makes of a text that was taken has to be the same value: no member is there twice. */
function compareJson(text: string, taken: unknown): string | undefined {
  try {
    return isDeepStrictEqual(JSON.parse(text), taken) ? undefined : 'another value than JSON.parse';
  } catch {
    return 'JSON.parse refuses it';
  }
}

export const JSON_READERS: readonly Reader[] = [
  { name: 'strict JSON', declared: [StrictJsonError], read: (_, text) => compareJson(text, parseStrictJson(text)) },
  {
    name: 'canonical JSON',
    declared: [StrictJsonError, SignatureError],
    read: (_, text) => {
      const value: RawJsonValue = parseStrictJsonWithRawNumbers(text);
      const canonical = toCanonicalJson(value);
      if (toCanonicalJson(parseStrictJsonWithRawNumbers(canonical)) !== canonical) return 'not canonical';
      // Its zero has no sign.
      const plain: unknown = JSON.parse(text, (_name, member: unknown) => (Object.is(member, -0) ? 0 : member));
      return isDeepStrictEqual(plain, JSON.parse(canonical)) ? undefined : 'another value than JSON.parse';
    },
  },
  {
    name: 'JSON trust file',
    declared: [ConfigurationError],
    read: (bytes) => readTrust('document.json', bytes),
  },
  { name: 'YAML trust file', declared: [ConfigurationError], read: (bytes) => readTrust('document.yaml', bytes) },
  {
    name: 'payload of a release',
    declared: [SignatureError],
    read: (bytes) => readPayload(bytes, 'release'),
  },
  {
    name: 'payload of simple signing',
    declared: [SignatureError],
    read: (bytes) => readPayload(bytes, 'strict'),
  },
  { name: 'payload of cosign', declared: [SignatureError], read: (bytes) => readPayload(bytes, 'cosign') },
  {
    name: 'manifest',
    declared: [StoreError],
    read: (bytes) => {
      const mediaType = detectManifestType(bytes);
      if (mediaType === undefined) throw new StoreError('BodyInvalid', 'no manifest');
      const images = listImages({ bytes, mediaType })?.images ?? [];
      return images.length > MAX_INDEX_ENTRIES ? `${images.length} images` : undefined;
    },
  },
  { name: 'referrers', declared: [StoreError], read: (bytes) => ignore(parseDescriptors(bytes, 'index')) },
  {
    name: 'signature manifest',
    declared: [StoreError],
    read: (bytes) => {
      // The registry client calls it for a manifest alone.
      if (detectManifestType(bytes) === undefined) throw new StoreError('BodyInvalid', 'no manifest');
      return ignore(readSignatureLayers({ bytes }));
    },
  },
  { name: 'release manifest', declared: [ReleaseError], read: (bytes) => ignore(parseImageManifest(bytes)) },
  { name: 'release configuration', declared: [ReleaseError], read: (bytes) => ignore(parseImageConfig(bytes, 1)) },
  { name: 'image references', declared: [ReleaseError], read: (bytes) => ignore(parseImageReferences(bytes)) },
  { name: 'update graph', declared: [InputError], read: (bytes) => ignore(parseGraph(bytes, { source: 'graph' })) },
  { name: 'catalog', declared: [InputError], read: (bytes) => ignore(parseCatalog('catalog', bytes)) },
  { name: 'pull secret', declared: [ConfigurationError], read: (_, text) => ignore(parsePullSecret(text)) },
  { name: 'Rekor set', declared: [SignatureError], read: (_, text) => ignore(parseRekorSet(text)) },
  {
    name: 'Rekor entry',
    declared: [SignatureError],
    read: (_, text) => {
      const { integratedTime } = parseRekorPayload(text);
      return Number.isFinite(new Date(integratedTime * 1000).getTime()) ? undefined : `a time ${integratedTime}`;
    },
  },
];

function ignore(_taken: unknown): undefined {
  return undefined;
}

/** As a profile reads it: each document is recognised, too. */
function readTrust(name: string, bytes: Uint8Array): undefined {
  for (const source of parseTrustFile({ name, bytes })) {
    recogniseDocument(source);
    source.lineOf(['metadata', 'name']);
  }
}

/** A payload by another reader: the digest and the name are at their places, and each is there once. */
function readPayload(bytes: Uint8Array, mode: PayloadMode): string | undefined {
  const { digest, dockerReference } = parseSimpleSigningPayload(bytes, mode);
  const { critical } = JSON.parse(decodeAsGo(bytes)) as {
    critical: Record<'image' | 'identity', Record<string, unknown>>;
  };
  // Half of a surrogate pair is U+FFFD to Go, and here; a name that is null is empty.
  const names = Object.values(critical.identity).map((name) => name ?? '');
  const said = [...Object.values(critical.image), ...names].map((value) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  );
  return isDeepStrictEqual(said, [digest, dockerReference]) ? undefined : `says ${JSON.stringify(said)}`;
}

/** Go makes U+FFFD of every octet that belongs to no character; Node makes one of the beginning of a character. */
function decodeAsGo(bytes: Uint8Array): string {
  const characters: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = [1, 2, 3, 4].find((octets) => isCharacter(bytes.subarray(at, at + octets))) ?? 0;
    characters.push(length === 0 ? '\ufffd' : Buffer.from(bytes.subarray(at, at + length)).toString());
    at += Math.max(length, 1);
  }
  return characters.join('');
}

/** One character, which comes back as the same octets. */
function isCharacter(octets: Uint8Array): boolean {
  const text = Buffer.from(octets).toString();
  return text === String.fromCodePoint(text.codePointAt(0) ?? 0) && Buffer.from(text).equals(octets);
}
