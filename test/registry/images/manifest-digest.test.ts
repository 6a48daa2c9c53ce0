import { describe, expect, test } from 'vitest';
import { manifestDigest } from '../../../lib/registry/images/manifest-digest.ts';
import { toDigest } from '../client/registry-setup.ts';

const PRETTY = '{\n   "schemaVersion": 1,\n   "name": "signet/test",\n   "tag": "latest",\n   "fsLayers": []\n}';
const COMPACT = '{"schemaVersion":1,"name":"signet/tést","tag":"latest","fsLayers":[]}';

/** Made once by github.com/containers/libtrust (PrettySignature) over the texts above, with keys of that run. */
const LIBTRUST_PRETTY = `{
   "schemaVersion": 1,
   "name": "signet/test",
   "tag": "latest",
   "fsLayers": [],
   "signatures": [
      {
         "header": {
            "jwk": {
               "crv": "P-256",
               "kid": "ROH7:7F4H:EF7D:L2GM:DWTY:6QDO:WBCB:YKOF:KXHA:ZKDT:JG3S:EYMR",
               "kty": "EC",
               "x": "tljitVLuNIgfCTpV6NV0xihStrEqtD30YZ2mblkuxfA",
               "y": "lWYHWbpdP6yd1sCmPuwanjQOkFhXU2gBxS87djGi794"
            },
            "alg": "ES256"
         },
         "signature": "Eu6gsVHZ9wBWO31CDycKgXGLN6OujdxPTHBo_u0oI0LCgjNkgknQDePGgdXQiDFJ27cICiiWdYGRU6BCJmgDpA",
         "protected": "eyJmb3JtYXRMZW5ndGgiOjg4LCJmb3JtYXRUYWlsIjoiQ24wIiwidGltZSI6IjIwMjYtMTEtMjJUMTA6MTQ6NTdaIn0"
      }
   ]
}`;
const LIBTRUST_COMPACT =
  '{"schemaVersion":1,"name":"signet/tést","tag":"latest","fsLayers":[],"signatures":[{"header":{"jwk":{"crv":"P-256","kid":"TBWW:OFVO:2A5N:ZBGK:ET7F:VYQY:2AUV:ORGR:7RKG:L5LI:T3TZ:OCIB","kty":"EC","x":"v2RDyHllxlzVM73AQZ2gjtAbRy3WUTDJytdGUrel1qU","y":"8X7QOCWNzZhgOi1FO7S753S3rSQYVXe017UitKgkKVI"},"alg":"ES256"},"signature":"YIu0EUex9QDnk8g6vXaSBcSPF8aa1fhcy30d9t7MlenFkwy6tbdoz73H-hYQdBYQ9GlcfTdnE7hI4lc-6EC1Ig","protected":"eyJmb3JtYXRMZW5ndGgiOjY5LCJmb3JtYXRUYWlsIjoiZlEiLCJ0aW1lIjoiMjAyNi0xMS0yMlQxMDoxNDo1N1oifQ"}]}';

/** Nodes go by a type that they know before they look at the version. */
const TYPED = '{"schemaVersion":1,"mediaType":"application/vnd.oci.image.index.v1+json","signatures":[1]}';

/** One signature block over the first bytes of a manifest, and how it goes on after them. */
function block(length: number, tail: string): object {
  const header = { formatLength: length, formatTail: Buffer.from(tail).toString('base64url'), time: 'x' };
  return { signature: 'x', protected: Buffer.from(JSON.stringify(header)).toString('base64url') };
}

/** The manifest with signatures put in after `length` bytes, where the tail starts. */
function sign(manifest: string, tail: string, blocks?: readonly unknown[], beside = ''): string {
  const length = Buffer.byteLength(manifest) - Buffer.byteLength(tail);
  const start = Buffer.from(manifest).subarray(0, length).toString();
  return `${start}${beside},"signatures":${JSON.stringify(blocks ?? [block(length, tail)])}}`;
}

describe('the digest of a manifest', () => {
  const blockOf = block(Buffer.byteLength(COMPACT) - 1, '}');
  test.each([
    ['schema 2', '{"schemaVersion":2}', '{"schemaVersion":2}'],
    ['schema 1, not signed', COMPACT, COMPACT],
    ['schema 1, signed, with its format', sign(PRETTY, '\n}'), PRETTY],
    ['schema 1, signed, beyond ASCII', sign(COMPACT, '}'), COMPACT],
    ['two signatures that agree', sign(COMPACT, '}', [blockOf, blockOf]), COMPACT],
    ['signatures that are null', '{"schemaVersion":1,"signatures":null}', '{"schemaVersion":1,"signatures":null}'],
    ['schema 2 with signatures', '{"schemaVersion":2,"signatures":[]}', '{"schemaVersion":2,"signatures":[]}'],
    ['of a known type, said to be schema 1', TYPED, TYPED],
    ['not JSON', 'unexpected manifest', 'unexpected manifest'],
    ['a member twice, which is not taken apart', `{"a":1,${COMPACT.slice(1)}`.replace('"tag"', '"a"'), undefined],
  ])('%s', (_, manifest, signed) => {
    expect(manifestDigest(Buffer.from(manifest))).toBe(toDigest(signed ?? manifest));
  });

  test('of what libtrust signed is the one that libtrust gives', () => {
    expect(manifestDigest(Buffer.from(LIBTRUST_PRETTY))).toBe(toDigest(PRETTY));
    expect(manifestDigest(Buffer.from(LIBTRUST_COMPACT))).toBe(toDigest(COMPACT));
  });

  const length = Buffer.byteLength(COMPACT) - 1;
  test.each([
    ['signatures that are a number', '{"schemaVersion":1,"signatures":1}'],
    ['no signature', sign(COMPACT, '}', [])],
    ['a block that is none', sign(COMPACT, '}', [1])],
    ['a block without header', sign(COMPACT, '}', [{}])],
    ['a header that is not JSON', sign(COMPACT, '}', [{ protected: 'AAAA' }])],
    [
      'a length that is text',
      sign(COMPACT, '}', [{ protected: Buffer.from('{"formatLength":"1","formatTail":"fQ"}').toString('base64url') }]),
    ],
    ['a length beyond the end', sign(COMPACT, '}', [block(10_000, '}')])],
    ['a length below zero', sign(COMPACT, '}', [block(-1, '}')])],
    ['a length that is a fraction', sign(COMPACT, '}', [block(length + 0.5, '}')])],
    ['blocks that disagree about the length', sign(COMPACT, '}', [block(length, '}'), block(length - 1, '}')])],
    ['blocks that disagree about the tail', sign(COMPACT, '}', [block(length, '}'), block(length, '\n}')])],
    ['a tail that adds a member', sign(COMPACT, '}', [block(length, ',"x":1}')])],
    ['a layer beside the signatures that nobody signed', sign(COMPACT, '}', undefined, ',"evil":["sha256:…"]')],
    ['a layer after the signatures', sign(COMPACT, '}').replace(/\}$/, ',"evil":[]}')],
    [
      'a tail that is not UTF-8',
      sign(COMPACT, '}', [
        { protected: Buffer.from(`{"formatLength":${length},"formatTail":"_w"}`).toString('base64url') },
      ]),
    ],
  ])('is refused where nobody can tell what was signed: %s', (_, manifest) => {
    expect(() => manifestDigest(Buffer.from(manifest))).toThrow(expect.objectContaining({ code: 'ContentMismatch' }));
  });
});
