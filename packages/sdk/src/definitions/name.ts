const nameLengthMax = 255;

/** The name of a workflow or task. Errors: RangeError. */
export function checkName(name: string, what: string): string {
  if (typeof name !== "string" || name.trim() === "") throw new RangeError(`the name of a ${what} must not be blank`);
  if (name.length > nameLengthMax) {
    throw new RangeError(`the name of a ${what} must have at most ${nameLengthMax} characters, has ${name.length}`);
  }
  return name;
}
