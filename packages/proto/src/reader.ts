/** The reader that generated code takes in place of bytes, for who decides how their texts are read. */
export { BinaryReader } from "@bufbuild/protobuf/wire";
