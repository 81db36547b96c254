/**
 * A filter of system calls for programs in the sandbox, as classic BPF (linux/filter.h, linux/seccomp.h). Python needs none of the calls
 * that it refuses. Most of them would let memory grow beyond what the sandbox counts, or are often the way out of one.
 */

const REFUSED = {
  // Memory that lasts without being mapped, and that no limit of a process counts.
  shmget: [29, 194],
  msgget: [68, 186],
  semget: [64, 190],
  mq_open: [240, 180],
  memfd_create: [319, 279],
  memfd_secret: [447, 447],
  // Other processes.
  ptrace: [101, 117],
  process_vm_readv: [310, 270],
  process_vm_writev: [311, 271],
  pidfd_getfd: [438, 438],
  kcmp: [312, 272],
  // Namespaces and mounts.
  unshare: [272, 97],
  setns: [308, 268],
  mount: [165, 40],
  umount2: [166, 39],
  pivot_root: [155, 41],
  chroot: [161, 51],
  open_tree: [428, 428],
  move_mount: [429, 429],
  fsopen: [430, 430],
  fsmount: [432, 432],
  mount_setattr: [442, 442],
  // Large parts of the kernel.
  bpf: [321, 280],
  perf_event_open: [298, 241],
  userfaultfd: [323, 282],
  io_uring_setup: [425, 425],
  keyctl: [250, 219],
  add_key: [248, 217],
  request_key: [249, 218],
  open_by_handle_at: [304, 265],
  name_to_handle_at: [303, 264],
  fanotify_init: [300, 262],
  quotactl: [179, 60],
  syslog: [103, 116],
} as const;

interface Architecture {
  /** AUDIT_ARCH_… of linux/audit.h. */
  audit: number;
  /** Its place in the lists of numbers. */
  at: 0 | 1;
  clone: number;
  clone3: number;
  socket: number;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: { audit: 0xc000003e, at: 0, clone: 56, clone3: 435, socket: 41 },
  arm64: { audit: 0xc00000b7, at: 1, clone: 220, clone3: 435, socket: 198 },
};

/** The processors that a filter is written for, as Node calls them. */
export const FILTERED_PROCESSORS = Object.keys(ARCHITECTURES);

/** linux/seccomp.h and asm-generic/errno.h. */
const KILL = 0x80000000;
const ALLOW = 0x7fff0000;
const EPERM = 0x00050001;
const ENOSYS = 0x00050026;
const EAFNOSUPPORT = 0x00050061;

/** Offsets in `struct seccomp_data`; arguments are 64 bits, the lower half first. */
const NUMBER = 0;
const AUDIT = 4;
const FIRST_ARGUMENT = 16;

/** CLONE_NEW… of linux/sched.h: cgroup, uts, ipc, user, pid, net, mount, time. */
const NEW_NAMESPACE = 0x7e020080;
/** On x64 numbers from here on are the calls of x32, which would pass by the filter. */
const X32 = 0x40000000;
const AF_UNIX = 1;

/** An instruction of BPF: what it does, how far it jumps if so and if not, and its number. */
type Instruction = [code: number, jumpTrue: number, jumpFalse: number, k: number];

const load = (offset: number): Instruction => [0x20, 0, 0, offset];
const give = (value: number): Instruction => [0x06, 0, 0, value];
const unlessEqual = (value: number): Instruction => [0x15, 0, 1, value];
const ifEqual = (value: number): Instruction => [0x15, 1, 0, value];

/** The filter's bytes for a processor; null for one that it is not written for. Both processors are little-endian. */
export function seccompFilter(processor: string): Buffer | null {
  const architecture = Object.hasOwn(ARCHITECTURES, processor) ? ARCHITECTURES[processor]! : null;
  if (!architecture) return null;
  const { audit, at, clone, clone3, socket } = architecture;
  const refused = Object.values(REFUSED).flatMap((numbers) => [unlessEqual(numbers[at]), give(EPERM)]);
  const program: Instruction[] = [
    load(AUDIT),
    ...[ifEqual(audit), give(KILL), load(NUMBER)],
    ...(at === 0 ? [[0x35, 0, 1, X32] as Instruction, give(KILL)] : []),
    // Its arguments lie in memory, where a filter cannot look; without it, clone is used.
    ...[unlessEqual(clone3), give(ENOSYS)],
    ...refused,
    // A network that leads nowhere is still a large part of the kernel.
    ...[
      [0x15, 0, 4, socket] as Instruction,
      load(FIRST_ARGUMENT),
      ifEqual(AF_UNIX),
      give(EAFNOSUPPORT),
      give(ALLOW),
    ],
    ...[
      [0x15, 0, 3, clone] as Instruction,
      load(FIRST_ARGUMENT),
      [0x45, 0, 1, NEW_NAMESPACE] as Instruction,
      give(EPERM),
    ],
    give(ALLOW),
  ];
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, [code, jumpTrue, jumpFalse, k]] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(k, index * 8 + 4);
  }
  return bytes;
}
