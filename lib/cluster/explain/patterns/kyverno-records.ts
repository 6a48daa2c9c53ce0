import { isJsonObject, type JsonObject, type JsonValue } from '../../../base/documents/json-value.ts';

/**
 * Loggers of Kyverno that say what became of an image: of its engine in each generation, of the library that it verifies
 * with, and of its webhooks. zap joins their parts with a dot, others with a slash.
 */
const LOGGERS = /^(?:engine\.verify|EngineVerifyImages|cosign|notary|webhooks[./]resource[./](?:mutate|validate))$/;
/** Where it was written: of newer versions with the module in front (`kyverno/kyverno pkg/logging`). */
const CALLER = /(?:^|github\.com\/)kyverno\/kyverno\/pkg\//;
/** What it says of an image that it does not let through (`kyverno/kyverno pkg/engine/internal`, `pkg/webhooks/resource`). */
const MESSAGES: ReadonlySet<string> = new Set([
  'failed to verify image',
  'failed to fetch attestations',
  'image verification failed',
  'image attestors verification failed',
]);
const BLOCKED = 'was blocked due to the following policies';

/**
 * A line of Kyverno's log in JSON, as the denial that its webhook answers with: of the same words, behind its name.
 * Undefined for what is no such line.
 */
export function toKyvernoDenial(untrusted: JsonValue): string | undefined {
  if (!isJsonObject(untrusted) || !isOfKyverno(untrusted)) return undefined;
  const message = readText(untrusted, ['msg', 'message']);
  if (!MESSAGES.has(message)) return undefined;
  const error = readText(untrusted, ['error', 'errors']);
  if (error.includes(BLOCKED)) return `admission webhook "mutate.kyverno.svc-fail" denied the request: ${error}`;
  const image = readText(untrusted, ['image', 'imageRef']);
  const lines = error.split('\n').map((line) => line.trim());
  const why = lines.filter((line) => line !== '').join('; ');
  const name = image === '' ? ': ' : ` ${image}: `;
  return `policy ${toPolicy(untrusted)} fail: failed to verify image${name}${why === '' ? message : why}`;
}

function isOfKyverno(record: JsonObject): boolean {
  const logger = readText(record, ['logger']);
  return LOGGERS.test(logger) && (logger !== 'cosign' || 'caller' in record) && isCaller(record);
}

/** Older ones write the file alone, of which `cosign.go` and `handlers.go` are in many programs. */
function isCaller(record: JsonObject): boolean {
  const caller = readText(record, ['caller']);
  return (
    CALLER.test(caller) ||
    caller === '' ||
    /(?:^|\/)(?:image-?[vV]eri\w*|handlers|cosign|notary)\.go:[0-9]{1,6}$/.test(caller)
  );
}

/** `policy/rule`, as its events have it. */
function toPolicy(record: JsonObject): string {
  const word = (members: readonly string[]): string =>
    readText(record, members).replaceAll(/[^\w.-]/g, '') || 'unnamed';
  return `${word(['policy.name', 'policy'])}/${word(['rule.name', 'ruleName'])}`;
}

function readText(record: JsonObject, members: readonly string[]): string {
  for (const member of members) {
    const value = record[member];
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}
