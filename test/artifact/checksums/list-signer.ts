import { type IndexedKeyring, indexKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { writeArmor } from '../../fixtures/make/armor-writer.ts';
import { type CertificatePlan, writeCertificate } from '../../fixtures/make/certificate-writer.ts';
import { signMessage, writeRelease } from '../../fixtures/make/message-writer.ts';
import { newPacket, PACKET } from '../../fixtures/make/packet-writer.ts';
import { KEY_CREATED, SIGNED } from '../../fixtures/make/payload.ts';
import { SIGNATURE, writeSignatureV3, writeSignatureV4 } from '../../fixtures/make/signature-writer.ts';
import { makeRsaKey } from '../../fixtures/make/signing-key.ts';

interface SignPlan {
  readonly version?: 3 | 4;
  readonly type?: 'binary' | 'text';
}

/** Signs lists with a key made for this run, in every form that real lists have. */
export interface ListSigner {
  readonly certificate: Buffer;
  readonly fingerprint: string;
  readonly keyring: IndexedKeyring;
  /** Compressed, binary, with the list in it. */
  readonly inline: (list: string) => Buffer;
  /** A signature packet. */
  readonly detached: (list: string, plan?: SignPlan) => Buffer;
  /** Lines of the list are taken as they are: escape what has to be, or not. */
  readonly clearsigned: (
    list: string,
    plan?: SignPlan & { readonly shown?: string; readonly headers?: string },
  ) => string;
}

export async function makeListSigner(
  name: string,
  defects: Omit<CertificatePlan, 'primary' | 'userId'> = {},
): Promise<ListSigner> {
  const key = makeRsaKey(2048, KEY_CREATED);
  const certificate = writeCertificate({ primary: key, userId: `Signet test ${name}`, ...defects });
  const { keyring } = await prepareKeyring(name, certificate);
  const sign = (data: Buffer, { version = 4, type = 'binary' }: SignPlan): Buffer => {
    const write = version === 3 ? writeSignatureV3 : writeSignatureV4;
    return newPacket(PACKET.signature, write(key, { type: SIGNATURE[type], data, createdAt: SIGNED }));
  };
  return {
    certificate,
    fingerprint: key.fingerprint,
    keyring: indexKeyring(keyring),
    inline: (list) => writeRelease(signMessage(key, { content: Buffer.from(list) })),
    detached: (list, plan = {}) => sign(Buffer.from(list), plan),
    clearsigned: (list, { shown = list, headers = 'Hash: SHA256\n', ...plan } = {}) => {
      // The last line end belongs to the frame.
      const signed = list
        .replace(/\n$/, '')
        .replaceAll(/[ \t]+$/gm, '')
        .replaceAll('\n', '\r\n');
      const armor = writeArmor(sign(Buffer.from(signed), { type: 'text', ...plan }), { type: 'SIGNATURE' });
      return `-----BEGIN PGP SIGNED MESSAGE-----\n${headers}\n${shown.replace(/\n$/, '')}\n${armor}`;
    },
  };
}

/** A line of a list, for contents. */
export function toLine(hash: string, name: string): string {
  return `${hash}  ${name}\n`;
}
