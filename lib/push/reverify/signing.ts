import { StoreError } from '../../base/errors/store-error.ts';
import type { AwsSettings } from '../../platform/aws/aws-settings.ts';
import type { Telemetry } from '../../platform/lambda/telemetry.ts';
import type { Signer } from '../../platform/signing/signer.ts';
import type { SigningRequest, SigningResult } from './sign-verdicts.ts';

/** Signs verdicts and days, with the key that is configured. */
export interface Signing {
  /** Opens the key, so that one that cannot be used is known at once. @throws ConfigurationError, StoreError */
  readonly open: () => Promise<void>;
  /** @throws the first failure: it is in the log, and the next run makes up for it */
  readonly run: (request: Omit<SigningRequest, 'signer' | 'settled'>, telemetry: Telemetry) => Promise<void>;
}

/** Milliseconds between two runs of a process: on one machine it is called every few seconds. */
const PAUSE_MS = 15_000;

type OpenSigner = (location: string, readAws: () => AwsSettings) => Promise<Signer>;

/**
 * The signing by a key: the ARN of a key of KMS, or a PEM file. Without one there is none, and nothing of it is loaded. The
 * key is opened with the first run, or again after that failed.
 *
 * @param readAws called for an ARN
 */
export function createSigning(
  location: string | undefined,
  readAws: () => AwsSettings,
  openSigner: OpenSigner = loadSigner,
): Signing | undefined {
  if (location === undefined) return undefined;
  const settled = new Set<string>();
  let opened: Promise<Signer> | undefined;
  let ranAt: number | undefined;
  const open = async (): Promise<Signer> => {
    opened ??= openSigner(location, readAws);
    try {
      return await opened;
    } catch (error) {
      opened = undefined;
      throw error;
    }
  };
  return {
    async open() {
      await open();
    },
    async run(request, telemetry) {
      const time = request.now().getTime();
      if (ranAt !== undefined && time >= ranAt && time - ranAt < PAUSE_MS) return;
      ranAt = time;
      const { signVerdicts } = await import('./sign-verdicts.ts');
      const signer = await open().catch((error: unknown) => {
        telemetry.count('VerdictsNotSigned');
        throw error;
      });
      report(await signVerdicts({ ...request, signer, settled }), telemetry);
    },
  };
}

const loadSigner: OpenSigner = async (location, readAws) => {
  const { openSigner } = await import('../../platform/signing/open-signer.ts');
  return await openSigner(location, readAws);
};

/** @throws the first failure, which alarms; so does what somebody else must have put there */
function report({ seal, signed, refused, faults }: SigningResult, telemetry: Telemetry): void {
  telemetry.count('VerdictsSigned', signed);
  if (seal?.kind === 'sealed') {
    telemetry.count('DaysSealed', seal.days.length);
    // The root is in the log, too, which whoever can write the bucket need not be able to write.
    telemetry.log('info', 'days sealed', { ...seal });
  }
  const found: Error[] = [];
  if (seal?.foreign !== undefined) {
    telemetry.count('SealForeign');
    found.push(new StoreError('ContentMismatch', `the last seal is not by this key: ${seal.foreign}`));
  }
  const [first] = refused;
  if (first !== undefined) {
    telemetry.count('AttestationRefused', refused.length);
    telemetry.log('error', 'records that their own evidence does not confirm are not signed', { refused });
    found.push(new StoreError('ContentMismatch', `the record ${first.id} is not signed: ${first.fault}`));
  }
  if (faults.length > 0) telemetry.count('VerdictsNotSigned', faults.length);
  const all = [...faults, ...found];
  if (all.length === 0) return;
  const reasons = all.map((fault) => (fault instanceof Error ? fault.message : String(fault)));
  telemetry.log('error', 'not signed in full; the next run goes on', { reasons });
  throw all[0];
}
