/** The arguments after a definition: the input may be left out when it may be undefined. */
export type CallArgs<Input, Options> = undefined extends Input
  ? [input?: Input, options?: Options]
  : [input: Input, options?: Options];
