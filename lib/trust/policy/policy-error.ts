/** Members and indexes from the root of a document. */
export type JsonPath = readonly (string | number)[];

const PLAIN_MEMBER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * A policy that breaks a rule of containers-policy.json(5). Whoever knows the document makes the operator's
 * `ConfigurationError` of it: `lib/trust` with the line of `path`.
 */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  /** Of the member or element at fault, which is there; of the object around it for one that is missing. */
  readonly path: JsonPath;
  /** The rule that was broken, without the path. */
  readonly rule: string;

  constructor(path: JsonPath, rule: string) {
    super(path.length === 0 ? rule : `${formatJsonPath(path)}: ${rule}`);
    this.path = path;
    this.rule = rule;
  }
}

/** `transports.docker["quay.io/x"][0].keyPath` */
export function formatJsonPath(path: JsonPath): string {
  return path
    .map((part) => {
      if (typeof part === 'number') return `[${part}]`;
      return PLAIN_MEMBER.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`;
    })
    .join('')
    .replace(/^\./, '');
}
