import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_JSON_DEPTH, parseStrictJson } from '../../../lib/base/documents/parse-strict-json.ts';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { parsePolicyContent, parsePolicyJson } from '../../../lib/trust/policy/parse-policy-json.ts';
import { PolicyError } from '../../../lib/trust/policy/policy-members.ts';

/** Code, then message; nothing but the operator's error may come out. */
function faultOf(text: string): string {
  try {
    parsePolicyJson('policy.json', text);
    return 'none';
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

const REJECT = '[{"type":"reject"}]';
const withTransports = (transports: string) => `{"default":${REJECT},"transports":${transports}}`;
const withRequirement = (requirement: string) => withTransports(`{"docker":{"quay.io/x":[${requirement}]}}`);
const AT = 'transports.docker["quay.io/x"]';

const COMPLETE = `{
  "default": [{"type": "reject"}],
  "transports": {
    "dir": {"": [{"type": "insecureAcceptAnything"}], "/srv/images": [{"type": "reject"}]},
    "docker": {
      "*.example.com": [{"type": "signedBy", "keyType": "GPGKeys", "keyPath": "/keys/a.gpg"}],
      "quay.io/a/b": [
        {"type": "signedBy", "keyType": "GPGKeys", "keyPaths": ["/keys/a.gpg", "/keys/b.gpg"],
         "signedIdentity": {"type": "remapIdentity", "prefix": "quay.io/a", "signedPrefix": "vendor.example"}},
        {"type": "signedBy", "keyType": "GPGKeys", "keyData": "YWJj",
         "signedIdentity": {"type": "exactReference", "dockerReference": "vendor.example/b:1"}},
        {"type": "signedBaseLayer", "baseLayerIdentity": {"type": "exactRepository", "dockerRepository": "a/b"}}
      ],
      "quay.io/s": [
        {"type": "sigstoreSigned", "keyDatas": ["YWJj", "ZGVm"], "rekorPublicKeyPath": "/keys/rekor.pub"},
        {"type": "sigstoreSigned", "rekorPublicKeyDatas": ["YWJj"], "signedIdentity": {"type": "matchRepository"},
         "fulcio": {"caPath": "/ca", "oidcIssuer": "https://issuer.example", "subjectEmail": "a@example.com"}},
        {"type": "sigstoreSigned", "signedIdentity": {"type": "matchExact"},
         "pki": {"caRootsData": "YWJj", "caIntermediatesPath": "/ca", "subjectHostname": "example.com"}}
      ]
    }
  }
}`;

test('every field comes out', () => {
  const { default: fallback, transports } = parsePolicyJson('policy.json', COMPLETE);
  const bytes = (text: string) => ({ kind: 'data', bytes: Buffer.from(text) });
  const file = (path: string) => ({ kind: 'path', path });
  const signedIdentity = { type: 'matchRepoDigestOrExact' };
  expect(fallback).toEqual([{ type: 'reject' }]);
  expect([...(transports.get('dir') ?? [])]).toEqual([
    ['', [{ type: 'insecureAcceptAnything' }]],
    ['/srv/images', [{ type: 'reject' }]],
  ]);
  expect(Object.fromEntries(transports.get('docker') ?? [])).toEqual({
    '*.example.com': [{ type: 'signedBy', keyType: 'GPGKeys', keys: [file('/keys/a.gpg')], signedIdentity }],
    'quay.io/a/b': [
      {
        type: 'signedBy',
        keyType: 'GPGKeys',
        keys: [file('/keys/a.gpg'), file('/keys/b.gpg')],
        signedIdentity: { type: 'remapIdentity', prefix: 'quay.io/a', signedPrefix: 'vendor.example' },
      },
      {
        type: 'signedBy',
        keyType: 'GPGKeys',
        keys: [bytes('abc')],
        signedIdentity: { type: 'exactReference', dockerReference: 'vendor.example/b:1' },
      },
      { type: 'signedBaseLayer', baseLayerIdentity: { type: 'exactRepository', dockerRepository: 'a/b' } },
    ],
    'quay.io/s': [
      {
        type: 'sigstoreSigned',
        root: { kind: 'keys', keys: [bytes('abc'), bytes('def')], rekorKeys: [file('/keys/rekor.pub')] },
        signedIdentity,
      },
      {
        type: 'sigstoreSigned',
        root: {
          kind: 'fulcio',
          ca: file('/ca'),
          oidcIssuer: 'https://issuer.example',
          subjectEmail: 'a@example.com',
          rekorKeys: [bytes('abc')],
        },
        signedIdentity: { type: 'matchRepository' },
      },
      {
        type: 'sigstoreSigned',
        root: {
          kind: 'pki',
          caRoots: bytes('abc'),
          caIntermediates: file('/ca'),
          subjectEmail: undefined,
          subjectHostname: 'example.com',
        },
        signedIdentity: { type: 'matchExact' },
      },
    ],
  });
});

describe('what is accepted', () => {
  test.each([
    ['no transports', `{"default":${REJECT}}`],
    ['a transport without scopes', withTransports('{"docker":{}}')],
    ['a transport that nobody knows', withTransports(`{"unknown":{"any thing":${REJECT}}}`)],
    ['a transport called __proto__', withTransports(`{"__proto__":{"constructor":${REJECT}}}`)],
    ['wrapped base64', withRequirement('{"type":"signedBy","keyType":"GPGKeys","keyData":"YW\\nJj\\r\\n"}')],
    ['X.509 key types', withRequirement('{"type":"signedBy","keyType":"signedByX509CAs","keyPath":"/a"}')],
    ['white space around', ` \r\n\t{"default":${REJECT}}\n`],
  ])('%s', (_name, text) => {
    expect(faultOf(text)).toBe('none');
  });

  test('a scope called __proto__ is one like any other', () => {
    const { transports } = parsePolicyJson('p', withTransports(`{"docker":{"__proto__":${REJECT}}}`));
    expect([...(transports.get('docker') ?? [])]).toEqual([['__proto__', [{ type: 'reject' }]]]);
  });
});

describe('what is refused, with path and rule', () => {
  test.each([
    ['nothing', '', 'DocumentInvalid', 'unexpected end'],
    ['a list', '[]', 'DocumentInvalid', 'policy.json:1: expected an object, found a list'],
    ['text after the policy', `{"default":${REJECT}}{}`, 'DocumentInvalid', 'unexpected "{"'],
    ['a byte order mark', `\uFEFF{"default":${REJECT}}`, 'DocumentInvalid', 'unexpected'],
    ['a comment', `{"default":${REJECT} /* */}`, 'DocumentInvalid', 'unexpected "/"'],
    ['too deep', '['.repeat(MAX_JSON_DEPTH + 1), 'DocumentInvalid', 'more than 10000 levels'],
    ['no default', '{"transports":{}}', 'DocumentInvalid', 'policy.json:1: the field default is missing'],
    ['an empty default', '{"default":[]}', 'DocumentInvalid', 'default: the list must not be empty'],
    ['another letter case', `{"Default":${REJECT}}`, 'DocumentInvalid', 'Default: unknown field'],
    ['__proto__ on top', `{"default":${REJECT},"__proto__":{}}`, 'DocumentInvalid', '__proto__: unknown field'],
    ['transports null', withTransports('null'), 'DocumentInvalid', 'transports: expected an object, found null'],
    ['scopes null', withTransports('{"docker":null}'), 'DocumentInvalid', 'transports.docker: expected an object'],
    ['an empty scope list', withTransports('{"docker":{"":[]}}'), 'DocumentInvalid', 'transports.docker[""]: the list'],
    ['a dir scope /', withTransports(`{"dir":{"/":${REJECT}}}`), 'DocumentInvalid', 'transports.dir["/"]: not a scope'],
    ['a requirement that is a text', withRequirement('"reject"'), 'DocumentInvalid', `${AT}[0]: expected an object`],
    ['a requirement without type', withRequirement('{}'), 'DocumentInvalid', `${AT}[0]: the field type is missing`],
    ['an inherited type', withRequirement('{"__proto__":{"type":"reject"}}'), 'DocumentInvalid', 'type is missing'],
    ['a type from a prototype', withRequirement('{"type":"constructor"}'), 'DocumentInvalid', `${AT}[0].type: unknown`],
    [
      'constructor as field',
      withRequirement('{"type":"reject","constructor":1}'),
      'DocumentInvalid',
      'constructor: unknown',
    ],
    ['__proto__ as field', withRequirement('{"type":"reject","__proto__":1}'), 'DocumentInvalid', '__proto__: unknown'],
    ['the second one', withRequirement('{"type":"reject"},{"type":"x"}'), 'DocumentInvalid', `${AT}[1].type: unknown`],
    [
      'a field of another type',
      withRequirement('{"type":"reject","keyPath":"/a"}'),
      'DocumentInvalid',
      'keyPath: unknown',
    ],
  ])('%s', (_name, text, code, message) => {
    expect(faultOf(text)).toMatch(code);
    expect(faultOf(text)).toContain(message);
  });
});

describe('signedBy refused', () => {
  test.each([
    ['no keyType', '"keyPath":"/a"', `${AT}[0]: the field keyType is missing`],
    ['keyType of another letter case', '"keyType":"gpgkeys","keyPath":"/a"', `${AT}[0].keyType: expected one of`],
    ['no key', '"keyType":"GPGKeys"', `${AT}[0]: exactly one of keyPath, keyPaths, keyData; found none`],
    ['two', '"keyType":"GPGKeys","keyPath":"/a","keyData":"YWJj"', 'found keyPath and keyData'],
    ['two, one null', '"keyType":"GPGKeys","keyPath":"/a","keyData":null', 'found keyPath and keyData'],
    ['keyPath empty', '"keyType":"GPGKeys","keyPath":""', `${AT}[0].keyPath: it must not be empty`],
    ['keyPath a list', '"keyType":"GPGKeys","keyPath":["/a"]', `${AT}[0].keyPath: expected a string, found a list`],
    ['keyData of octets', '"keyType":"GPGKeys","keyData":[1]', `${AT}[0].keyData: expected a string, found a list`],
    ['keyData unpadded', '"keyType":"GPGKeys","keyData":"YWI"', `${AT}[0].keyData: expected base64`],
    ['keyData for URLs', '"keyType":"GPGKeys","keyData":"_-_-"', `${AT}[0].keyData: expected base64`],
    ['keyData padded within', '"keyType":"GPGKeys","keyData":"YQ==YQ=="', `${AT}[0].keyData: expected base64`],
    ['keyDatas', '"keyType":"GPGKeys","keyDatas":["YWJj"]', `${AT}[0].keyDatas: unknown field`],
    ['identity null', '"keyType":"GPGKeys","keyPath":"/a","signedIdentity":null', `${AT}[0].signedIdentity: expected`],
  ])('%s', (_name, fields, message) => {
    expect(faultOf(withRequirement(`{"type":"signedBy",${fields}}`))).toContain(message);
  });
});

/** As containers/image 5.42.1 reads them; `null` and nothing are the same to Go. */
describe('sources that name nothing load, and satisfy nothing', () => {
  const gpg = (fields: string): string => withRequirement(`{"type":"signedBy","keyType":"GPGKeys",${fields}}`);
  const sigstore = (fields: string): string => withRequirement(`{"type":"sigstoreSigned",${fields}}`);
  test.each([
    ['keyPaths empty', gpg('"keyPaths":[]')],
    ['keyPaths with nothing', gpg('"keyPaths":[""]')],
    ['keyPaths with null', gpg('"keyPaths":["/a",null]')],
    ['keyPath with NUL', gpg('"keyPath":"/a\\u0000"')],
    ['keyPath with half a pair', gpg('"keyPath":"/\\ud800"')],
    ['keyData empty', gpg('"keyData":""')],
    ['keyData of no octets', gpg('"keyData":[]')],
    ['Sigstore, keyDatas of no octets', sigstore('"keyDatas":[[],"YWJj"]')],
    ['a Rekor key of no octets', sigstore('"keyPath":"/a","rekorPublicKeyData":[]')],
    ['keyData of line ends', gpg('"keyData":"\\n"')],
    ['Sigstore, keyData empty', sigstore('"keyData":""')],
    ['Sigstore, keyDatas with nothing', sigstore('"keyDatas":["",null]')],
    ['Sigstore, keyPaths with nothing', sigstore('"keyPaths":[""]')],
    ['an empty path beside data', sigstore('"keyPath":"","keyData":"YWJj"')],
    ['data null beside a path', sigstore('"keyPath":"/a","keyData":null')],
    ['a Rekor key empty', sigstore('"keyPath":"/a","rekorPublicKeyData":""')],
    ['a path of Rekor empty, which is none', sigstore('"keyPath":"/a","rekorPublicKeyPath":""')],
    ['an empty path of a CA beside data', sigstore('"pki":{"caRootsPath":"","caRootsData":"","subjectEmail":"a"}')],
    ['an empty subject beside another', sigstore('"pki":{"caRootsPath":"/a","subjectEmail":"","subjectHostname":"a"}')],
    ['intermediates null', sigstore('"pki":{"caRootsPath":"/a","caIntermediatesData":null,"subjectEmail":"a"}')],
  ])('%s', (_name, text) => {
    expect(faultOf(text)).toBe('none');
  });

  test.each([
    ['keyPaths null', gpg('"keyPaths":null'), 'it must not be empty'],
    ['keyData null', gpg('"keyData":null'), 'it must not be empty'],
    ['Sigstore, keyPaths empty', sigstore('"keyPaths":[]'), 'the list must not be empty'],
    ['Sigstore, keyPaths null beside data', sigstore('"keyPaths":null,"keyData":"YWJj"'), 'the list must not be empty'],
    ['Sigstore, a path empty', sigstore('"keyPath":""'), 'found none'],
    ['Sigstore, a list of Rekor keys empty', sigstore('"keyPath":"/a","rekorPublicKeyDatas":[]'), 'must not be empty'],
    ['no subject but empty ones', sigstore('"pki":{"caRootsPath":"/a","subjectEmail":""}'), 'at least one of'],
  ])('%s is refused, as there', (_name, text, message) => {
    expect(faultOf(text)).toContain(message);
  });
});

describe('sigstoreSigned refused', () => {
  const fulcio = '"fulcio":{"caPath":"/a","oidcIssuer":"https://i.example","subjectEmail":"a@b.example"}';
  const pki = '"pki":{"caRootsPath":"/a","subjectEmail":"a@b.example"}';
  test.each([
    ['nothing vouches', '"rekorPublicKeyPath":"/r"', `${AT}[0]: exactly one of keyPath`],
    ['keys and Fulcio', `"keyPath":"/a",${fulcio}`, 'found keyPath and fulcio'],
    ['Fulcio and PKI', `${fulcio},${pki},"rekorPublicKeyPath":"/r"`, 'found fulcio and pki'],
    ['two Rekor keys', '"keyPath":"/a","rekorPublicKeyPath":"/r","rekorPublicKeyData":"YWJj"', 'at most one of rekor'],
    ['Fulcio without Rekor', fulcio, `${AT}[0]: fulcio needs exactly one of rekorPublicKeyPath`],
    ['PKI with Rekor', `${pki},"rekorPublicKeyPath":"/r"`, `${AT}[0].rekorPublicKeyPath: pki and a Rekor key`],
    ['PKI without subject', '"pki":{"caRootsPath":"/a"}', `${AT}[0].pki: at least one of subjectEmail`],
    [
      'PKI with two roots',
      '"pki":{"caRootsPath":"/a","caRootsData":"YWJj","subjectEmail":"a"}',
      'at most one of caRoots',
    ],
    [
      'an unknown field of Fulcio',
      '"fulcio":{"caPath":"/a","x":1},"rekorPublicKeyPath":"/r"',
      '.fulcio.x: unknown field',
    ],
    ['no issuer', '"fulcio":{"caPath":"/a","subjectEmail":"a"},"rekorPublicKeyPath":"/r"', 'oidcIssuer is missing'],
    ['keyDatas with a bad one', '"keyDatas":["YWJj","?"]', `${AT}[0].keyDatas[1]: expected base64`],
    ['keyType', '"keyPath":"/a","keyType":"GPGKeys"', `${AT}[0].keyType: unknown field`],
  ])('%s', (_name, fields, message) => {
    expect(faultOf(withRequirement(`{"type":"sigstoreSigned",${fields}}`))).toContain(message);
  });
});

describe('identities refused', () => {
  const at = `${AT}[0].signedIdentity`;
  test.each([
    ['unknown', '{"type":"matchAnything"}', `${at}.type: unknown identity`],
    ['another letter case', '{"type":"matchexact"}', `${at}.type: unknown identity`],
    ['a field too many', '{"type":"matchExact","dockerReference":"a:b"}', `${at}.dockerReference: unknown field`],
    ['no reference', '{"type":"exactReference"}', `${at}: the field dockerReference is missing`],
    ['a name alone', '{"type":"exactReference","dockerReference":"a/b"}', `${at}.dockerReference: the reference needs`],
    ['upper case', '{"type":"exactRepository","dockerRepository":"a/B"}', `${at}.dockerRepository: "a/B" is not`],
    [
      'a prefix with a tag',
      '{"type":"remapIdentity","prefix":"a.b/c:d","signedPrefix":"a.b"}',
      `${at}.prefix: expected a`,
    ],
    ['a final slash', '{"type":"remapIdentity","prefix":"a.b/","signedPrefix":"a.b"}', `${at}.prefix: expected a host`],
    [
      'a wildcard',
      '{"type":"remapIdentity","prefix":"a.b","signedPrefix":"*.b"}',
      `${at}.signedPrefix: expected a host`,
    ],
    ['one prefix', '{"type":"remapIdentity","prefix":"a.b"}', `${at}: the field signedPrefix is missing`],
  ])('%s', (_name, identity, message) => {
    const requirement = `{"type":"signedBy","keyType":"GPGKeys","keyPath":"/a","signedIdentity":${identity}}`;
    expect(faultOf(withRequirement(requirement))).toContain(message);
  });
});

describe('members that are there twice', () => {
  test.each([
    ['default', `{"default":${REJECT},"default":${REJECT}}`, 'policy.json:1: default:'],
    ['escaped otherwise', `{"default":${REJECT},\n"\\u0064efault":${REJECT}}`, 'policy.json:2: default:'],
    ['a transport', withTransports('{"docker":{},\n\n"docker":{}}'), 'policy.json:3: transports.docker:'],
    ['a scope', withTransports(`{"docker":{"a.b":${REJECT},"a\\u002eb":${REJECT}}}`), 'transports.docker["a.b"]:'],
    ['a field', withRequirement('{"type":"reject"},{"type":"reject","type":"reject"}'), `${AT}[1].type:`],
    [
      '__proto__',
      withTransports(`{"docker":{"__proto__":${REJECT},"__proto__":${REJECT}}}`),
      'transports.docker.__proto__:',
    ],
    ['within what is unknown', '{"x":[1,{"a":[[],{"y":1,"y":2}]}]}', 'x[1].a[1].y:'],
  ])('%s', (_name, text, message) => {
    expect(faultOf(text)).toContain(`DuplicateKey policy.json:`);
    expect(faultOf(text)).toContain(`${message} the member occurs twice`);
  });
});

test('the line is that of the fault', () => {
  const lines = COMPLETE.split('\n');
  const line = lines.findIndex((text) => text.includes('/keys/b.gpg'));
  const broken = lines.with(line, (lines[line] ?? '').replace('"/keys/b.gpg"', '7')).join('\n');
  expect(faultOf(broken)).toBe(
    `DocumentInvalid policy.json:${line + 1}: transports.docker["quay.io/a/b"][0].keyPaths[1]: expected a string, found a number`,
  );
});

type Part = { readonly [member: string]: unknown };

/** The same content with one more member in the n-th of its objects; undefined when there are fewer. */
function addMember(content: unknown, nth: number, name: string): unknown {
  let left = nth;
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== 'object' || value === null) return value;
    const isChosen = left-- === 0;
    const members = Object.entries(value as Part).map(([key, member]): [string, unknown] => [key, visit(member)]);
    return Object.fromEntries(isChosen ? [...members, [name, 1]] : members);
  };
  const changed = visit(content);
  return left < 0 ? changed : undefined;
}

describe('properties', () => {
  test('no text brings out anything but a policy or the operator’s error', () => {
    const near = fc
      .tuple(fc.nat({ max: COMPLETE.length }), fc.nat({ max: 40 }), fc.string({ unit: 'binary', maxLength: 20 }))
      .map(([at, length, text]) => COMPLETE.slice(0, at) + text + COMPLETE.slice(at + length));
    fc.assert(
      fc.property(fc.oneof(near, fc.json(), fc.string({ unit: 'binary' })), (text) => {
        expect(faultOf(text)).toMatch(/^(?:none$|DocumentInvalid |DuplicateKey )/);
      }),
      { numRuns: 1000 },
    );
  });

  test('no content brings out anything but a policy or a PolicyError', () => {
    const content = fc.oneof(
      fc.anything(),
      fc.record({ default: fc.anything(), transports: fc.anything() }),
      fc.record({
        default: fc.array(fc.record({ type: fc.constantFrom('signedBy', 'sigstoreSigned'), pki: fc.anything() })),
      }),
    );
    fc.assert(
      fc.property(content, (value) => {
        try {
          parsePolicyContent(value);
        } catch (error) {
          expect(error).toBeInstanceOf(PolicyError);
        }
      }),
    );
  });

  test('one more member anywhere refuses the policy, and the error names it', () => {
    const content = parseStrictJson(COMPLETE);
    const name = fc.oneof(
      fc.constantFrom('__proto__', 'constructor', 'Type', 'keyDat', 'hasOwnProperty'),
      fc.string({ minLength: 1 }).map((text) => `x-${text}`),
    );
    fc.assert(
      fc.property(fc.nat({ max: 40 }), name, (nth, added) => {
        const changed = addMember(content, nth, added);
        fc.pre(changed !== undefined);
        // A name of a transport or of a scope is free: there the member's value is at fault.
        expect(() => parsePolicyContent(changed)).toThrow(PolicyError);
        try {
          parsePolicyContent(changed);
        } catch (error) {
          expect(error instanceof PolicyError ? error.path.at(-1) : undefined).toBe(added);
        }
      }),
      { numRuns: 500 },
    );
  });
});
