import {
  type DocumentSignature,
  evaluateSignedDocument,
  startDetachedSignatures,
} from '../../../lib/artifact/documents/document-signatures.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { indexKeyring } from '../../../lib/crypto/openpgp/keys/keyring.ts';
import { prepareKeyring } from '../../../lib/crypto/openpgp/keys/prepare-keyring.ts';
import { readSignatureSeeds, type SignatureSeeds } from '../seeds/read-seeds.ts';
import { type FuzzTarget, GENUINE, type OpenTarget, type Outcome, REFUSED } from '../target.ts';
import { createSignatures } from './signatures.ts';

const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;

type Evaluate = typeof evaluateSignedDocument;

/**
 * What `signet sopv` reads: the inputs of the target `signatures`, by the readers of documents and of detached signatures.
 *
 * @param evaluate a test passes one that accepts too much, or throws
 */
export function createDocuments(evaluate: Evaluate = evaluateSignedDocument): FuzzTarget {
  return {
    name: 'documents',
    summary: 'signed documents and detached signatures, as signet sopv reads them',
    open: () => openDocuments(evaluate, readSignatureSeeds()),
  };
}

async function openDocuments(evaluate: Evaluate, seeds: SignatureSeeds): Promise<OpenTarget> {
  const { keyring } = await prepareKeyring('fuzz', Buffer.from(seeds.keyFile, 'base64'));
  const keys = indexKeyring(keyring);
  const { make } = await createSignatures().open();
  // Line ends and spaces before them are not signed of a text.
  const signed = new Set(
    seeds.genuine.flatMap(({ signer, signingKey, content, isText }) => {
      const text = Buffer.from(content, 'base64').toString('latin1');
      const owner = `${signer} ${signingKey} `;
      return [owner + text, ...(isText ? [owner + withLineFeeds(text), `${owner}${withLineFeeds(text)}\n`] : [])];
    }),
  );
  const judge = (signatures: readonly DocumentSignature[], content: string): Outcome => {
    for (const one of signatures) {
      if (!one.valid) {
        if (one.note !== undefined) throw new Error(one.note);
        continue;
      }
      const owner = `${one.signer} ${one.signingKey} `;
      if (!signed.has(owner + content) && !signed.has(owner + withLineFeeds(content))) {
        return { kind: 'wrong accept', detail: `by ${owner}: ${JSON.stringify(content.slice(0, 200))}` };
      }
    }
    return signatures.some(({ valid }) => valid) ? GENUINE : REFUSED;
  };
  return {
    make,
    check: (input) => {
      const isDetached = (input[0] ?? 0) >>> 2 === 0x22 || input[0] === 0xc2;
      try {
        if (isDetached) {
          const started = startDetachedSignatures(input, keys);
          started.update(Buffer.from('nobody signed this'));
          return judge(started.verify(NOW), 'nobody signed this');
        }
        const { content, signatures } = evaluate(input, keys, NOW);
        return judge(signatures, Buffer.from(content).toString('latin1'));
      } catch (error) {
        if (error instanceof SignatureError) return REFUSED;
        throw error;
      }
    },
  };
}

function withLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
