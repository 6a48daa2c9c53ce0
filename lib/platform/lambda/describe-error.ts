/** What a log line may say of an error: names, codes and messages of it and of what caused it. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    name: error.name,
    ...('code' in error && typeof error.code === 'string' ? { code: error.code } : {}),
    message: error.message,
    ...(isOwn(error) ? {} : { stack: error.stack }),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}

/** Errors thrown on purpose explain themselves; anything else needs its stack. */
function isOwn({ name }: Error): boolean {
  return ['ConfigurationError', 'InputError', 'SignatureError', 'StoreError', 'StrictJsonError'].includes(name);
}
