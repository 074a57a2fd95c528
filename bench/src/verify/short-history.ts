/** A history in one line, events of one type in a row together: `1 WORKFLOW_STARTED, 2-101 TASK_SCHEDULED, …`. */
export function shortHistory(types: readonly string[]): string {
  const parts: string[] = [];
  for (let first = 0; first < types.length; ) {
    let end = first + 1;
    while (end < types.length && types[end] === types[first]) end += 1;
    parts.push(`${end - first > 1 ? `${first + 1}-${end}` : end} ${types[first]}`);
    first = end;
  }
  return parts.join(", ");
}
