import { createPublicKey, type KeyObject } from 'node:crypto';
import { SignatureError } from '../../base/errors/signature-error.ts';
import { createJsonReader, type Members } from '../json-reader.ts';
import { parseSentCertificate } from './x509/certificate.ts';
import { trySinglePem } from './x509/der.ts';
import { toKeyBytes } from './x509/public-key.ts';

const json = createJsonReader('the body of the log entry', 'LogEntryInvalid');

/**
 * Checks that an entry is about this key or certificate. Some signatures verify by several keys, and Sigstore's library
 * compares none.
 *
 * @param body as a trusted log has it
 * @param signer `certificate`: DER of the one that signed; undefined where a key alone did
 * @throws SignatureError `LogEntryInvalid`
 */
export function requireLoggedKey(
  body: Uint8Array,
  { certificate, key }: { readonly certificate: Buffer | undefined; readonly key: KeyObject },
): void {
  const logged = readLoggedVerifier(body);
  const isSame = certificate === undefined ? toKeyBytes(key).equals(toKey(logged)) : certificate.equals(logged.der);
  if (!isSame) throw json.invalid('it is about another key or certificate');
}

/** What verified the signature in the log's eyes. */
interface LoggedVerifier {
  readonly kind: 'key' | 'certificate';
  readonly der: Buffer;
}

function readLoggedVerifier(body: Uint8Array): LoggedVerifier {
  const root = json.members('it', json.parse(body), undefined);
  const spec = json.members('spec', root['spec'], undefined);
  switch (`${json.text('kind', root['kind'])} ${json.text('apiVersion', root['apiVersion'])}`) {
    case 'hashedrekord 0.0.1':
      return readPem(membersAt(spec, ['signature', 'publicKey']), 'content');
    case 'dsse 0.0.1':
      return readPem(onlyOf(spec, 'signatures'), 'verifier');
    case 'intoto 0.0.2':
      return readPem(onlyOf(membersAt(spec, ['content', 'envelope']), 'signatures'), 'publicKey');
    case 'hashedrekord 0.0.2':
      return readVerifier(membersAt(spec, ['hashedRekordV002', 'signature', 'verifier']));
    case 'dsse 0.0.2':
      return readVerifier(membersAt(onlyOf(membersAt(spec, ['dsseV002']), 'signatures'), ['verifier']));
    default:
      throw json.invalid('its kind is not hashedrekord, dsse or intoto in a version that is known');
  }
}

function membersAt(members: Members, names: readonly string[]): Members {
  return names.reduce((found, name) => json.members(name, found[name], undefined), members);
}

function onlyOf(members: Members, name: string): Members {
  const [only, ...more] = json.list(name, members[name]);
  if (more.length > 0) throw json.invalid(`${name} has several elements`);
  return json.members(`${name}[0]`, only, undefined);
}

function readPem(members: Members, name: string): LoggedVerifier {
  const block = trySinglePem(json.bytes(name, members[name]).toString('latin1'));
  if (block?.label === 'PUBLIC KEY') return { kind: 'key', der: block.der };
  if (block?.label === 'CERTIFICATE') return { kind: 'certificate', der: block.der };
  throw json.invalid(`${name} is not one PEM key or certificate`);
}

function readVerifier(verifier: Members): LoggedVerifier {
  const { publicKey, x509Certificate } = verifier;
  if ((publicKey === undefined) === (x509Certificate === undefined)) {
    throw json.invalid('verifier is not either a publicKey or an x509Certificate');
  }
  const members = json.members('verifier', publicKey ?? x509Certificate, undefined);
  const der = json.bytes('verifier.rawBytes', members['rawBytes']);
  return { kind: publicKey === undefined ? 'certificate' : 'key', der };
}

/** The key of a verifier, in its SPKI form. */
function toKey({ kind, der }: LoggedVerifier): Buffer {
  try {
    const key =
      kind === 'certificate'
        ? parseSentCertificate(der, 'the certificate of the log entry').publicKey
        : createPublicKey({ key: der, format: 'der', type: 'spki' });
    return toKeyBytes(key);
  } catch (cause) {
    const fault = cause instanceof SignatureError ? cause.message : 'its key does not parse';
    throw json.invalid(fault, cause);
  }
}
