# Runs a program and judges it. This process holds the tests; the program runs in another one, which is told nothing but what it
# is called with. What comes back from there is data. A verdict is written here alone, where the program cannot write.
import os
import sys
import time

import _ctypes
import binascii
import builtins
import resource
import select

sys.path[:] = [path for path in sys.path if path]
PAGE = os.sysconf("SC_PAGE_SIZE")
MESSAGE_BYTES_MAX = 16 << 20
FAULT_CHARS_MAX = 300


def set_dumpable(value):
    prctl = _ctypes.dlsym(_ctypes.dlopen(None, 0), "prctl")
    _ctypes.call_function(prctl, (4, value, 0, 0, 0))
    return _ctypes.call_function(prctl, (3, 0, 0, 0, 0)) == value


# ---- Values as bytes: both sides write and read them, and neither runs anything of the other.


class Unsound(Exception):
    pass


def encode(value, special):
    out = []
    put(value, out.append, special, 0)
    data = b"".join(out)
    if len(data) > MESSAGE_BYTES_MAX:
        raise Unsound("a value of more than 16 MiB")
    return data


def put(value, add, special, depth):
    if depth > 200:
        raise Unsound("a value nested more than 200 deep")
    kind = type(value)
    if value is None:
        add(b"N")
    elif kind is bool:
        add(b"T" if value else b"F")
    elif kind is int:
        add(b"i%x;" % value if value >= 0 else b"i-%x;" % -value)
    elif kind is float:
        add(b"d" + value.hex().encode() + b";")
    elif kind is complex:
        add(b"c" + value.real.hex().encode() + b" " + value.imag.hex().encode() + b";")
    elif kind is str:
        data = value.encode("utf-8", "surrogatepass")
        add(b"s%d;" % len(data) + data)
    elif kind is bytes or kind is bytearray:
        add((b"b%d;" if kind is bytes else b"B%d;") % len(value) + bytes(value))
    elif kind in (list, tuple, set, frozenset):
        add((b"l" if kind is list else b"t" if kind is tuple else b"S" if kind is set else b"Z") + b"%d;" % len(value))
        for item in value:
            put(item, add, special, depth + 1)
    elif kind is dict:
        add(b"m%d;" % len(value))
        for key, item in value.items():
            put(key, add, special, depth + 1)
            put(item, add, special, depth + 1)
    elif kind is range:
        add(b"r")
        for item in (value.start, value.stop, value.step):
            put(item, add, special, depth + 1)
    else:
        special(value, add, depth)


class Reader:
    def __init__(self, data, special):
        self.data, self.at, self.special = data, 0, special

    def number(self):
        end = self.data.index(b";", self.at)
        text = self.data[self.at : end]
        self.at = end + 1
        return text

    def count(self):
        count = int(self.number())
        if not 0 <= count <= len(self.data):
            raise Unsound("a length that cannot be")
        return count

    def chunk(self):
        count = self.count()
        data = self.data[self.at : self.at + count]
        if len(data) != count:
            raise Unsound("a value that is cut off")
        self.at += count
        return data

    def value(self, depth=0):
        if depth > 220:
            raise Unsound("a value nested too deep")
        kind = self.data[self.at : self.at + 1]
        self.at += 1
        if kind == b"N":
            return None
        if kind == b"T" or kind == b"F":
            return kind == b"T"
        if kind == b"i":
            return int(self.number(), 16)
        if kind == b"d":
            return float.fromhex(self.number().decode())
        if kind == b"c":
            real, imag = self.number().split(b" ")
            return complex(float.fromhex(real.decode()), float.fromhex(imag.decode()))
        if kind == b"s":
            return self.chunk().decode("utf-8", "surrogatepass")
        if kind == b"b":
            return bytes(self.chunk())
        if kind == b"B":
            return bytearray(self.chunk())
        if kind in (b"l", b"t", b"S", b"Z"):
            items = [self.value(depth + 1) for _ in range(self.count())]
            return items if kind == b"l" else (tuple if kind == b"t" else set if kind == b"S" else frozenset)(items)
        if kind == b"m":
            return {self.value(depth + 1): self.value(depth + 1) for _ in range(self.count())}
        if kind == b"r":
            return range(*[self.value(depth + 1) for _ in range(3)])
        return self.special(kind, self, depth)


# Values of the standard library that are told by value: (module, class) and what makes them anew.
KNOWN = {
    ("fractions", "Fraction"): lambda v: (v.numerator, v.denominator),
    ("decimal", "Decimal"): lambda v: (str(v),),
    ("collections", "deque"): lambda v: (list(v),),
    ("datetime", "date"): lambda v: (v.year, v.month, v.day),
    ("datetime", "datetime"): lambda v: (v.year, v.month, v.day, v.hour, v.minute, v.second, v.microsecond),
    ("datetime", "time"): lambda v: (v.hour, v.minute, v.second, v.microsecond),
    ("datetime", "timedelta"): lambda v: (v.days, v.seconds, v.microseconds),
}


def put_known(value, add, special, depth):
    kind = type(value)
    name = (kind.__module__, kind.__qualname__)
    if name not in KNOWN or getattr(sys.modules.get(name[0]), name[1], None) is not kind:
        return False
    if getattr(value, "tzinfo", None) is not None:
        return False
    add(b"X")
    put(name, add, special, depth + 1)
    put(KNOWN[name](value), add, special, depth + 1)
    return True


def read_known(reader, depth):
    name, given = reader.value(depth + 1), reader.value(depth + 1)
    if name not in KNOWN or type(given) is not tuple:
        raise Unsound("a value of an unknown class")
    return getattr(__import__(name[0]), name[1])(*given)


def send(fd, data):
    data = b"%d;" % len(data) + data
    while data:
        data = data[os.write(fd, data) :]


# ---- The program's side. It has nothing that the program must not see or change.


def limit(limits):
    memory, cpu = limits["memoryBytes"], limits["cpuSeconds"]
    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, limits["fileBytes"]),
        (resource.RLIMIT_NOFILE, 128),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NPROC, limits["processesMax"] + 3),
    ):
        _, hard = resource.getrlimit(what)
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def plain_main(name):
    main = type(sys)(name)
    main.__dict__["__builtins__"] = __builtins__
    sys.modules[name] = main
    return main.__dict__


def prepare(limits):
    __builtins__.exit = __builtins__.quit = sys.exit
    sys.argv[:] = ["program.py"]
    sys.path.extend(limits["packages"])
    limit(limits)


def line_of(error, name):
    line, trace = None, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == name:
            line = trace.tb_lineno
        trace = trace.tb_next
    if isinstance(error, SyntaxError) and error.filename == name:
        line = error.lineno
    return line


def serve(read_fd, write_fd):
    objects, ids = [], {}
    buffer = bytearray()

    def receive():
        while True:
            end = buffer.find(b";")
            if end >= 0:
                size = int(buffer[:end])
                if len(buffer) > end + size:
                    data = bytes(buffer[end + 1 : end + 1 + size])
                    del buffer[: end + 1 + size]
                    return Reader(data, read_special).value()
            data = os.read(read_fd, 65536)
            if not data:
                os._exit(0)
            buffer.extend(data)

    def special(value, add, depth):
        kind = type(value)
        if kind.__module__ == "numpy" and hasattr(value, "tolist"):
            return put(value.tolist(), add, special, depth + 1)
        for base in (int, float, complex, str, bytes, list, tuple, dict, set, frozenset):
            if isinstance(value, base) and not hasattr(kind, "_value2member_map_"):
                return put(plain_of(value, base), add, special, depth + 1)
        if put_known(value, add, special, depth):
            return
        key = id(value)
        if key not in ids:
            ids[key] = len(objects)
            objects.append(value)
        add(b"o%d;" % ids[key])

    def read_special(kind, reader, depth):
        if kind == b"o":
            return objects[int(reader.number())]
        if kind == b"X":
            return read_known(reader, depth)
        if kind == b"k":
            return callback(int(reader.number()))
        raise Unsound("an unknown kind of value")

    def callback(number):
        def ask(*given):
            send(write_fd, encode(("callback", number, given), special))
            answer = receive()
            if answer[0] == "ok":
                return answer[1]
            raise RuntimeError(answer[1])

        return ask

    limits, source = receive()
    prepare(limits)
    names = plain_main("program")

    def kind_of(name):
        if name not in names:
            return ("none",)
        value = names[name]
        if isinstance(value, type) and issubclass(value, BaseException):
            return ("exception", [each.__qualname__ for each in value.__mro__], value)
        if type(value) is type(sys):
            return ("module", value.__name__, value)
        return ("value", value)

    def answer(request):
        what = request[0]
        if what == "load":
            exec(compile(source, "program.py", "exec"), names)
            return None
        if what == "name":
            return kind_of(request[1])
        if what == "call":
            return request[1](*request[2], **request[3])
        if what == "attribute":
            return getattr(request[1], request[2])
        if what == "set":
            return setattr(request[1], request[2], request[3])
        if what == "isinstance":
            return isinstance(request[1], request[2])
        return OPERATIONS[what](*request[1])

    while True:
        request = receive()
        try:
            value = answer(request)
            changed = [each if type(each) in (list, dict, set, bytearray) else None for each in request[2]] if request[0] == "call" else []
            reply = encode(("ok", value, changed), special)
        except Unsound as error:
            reply = encode(("error", ["Unsound", "Exception"], "it gave " + str(error), None), special)
        except BaseException as error:
            try:
                told = str(error)[:FAULT_CHARS_MAX]
            except BaseException:
                told = ""
            mro = [str(each.__qualname__) for each in type(error).__mro__]
            reply = encode(("error", mro, told, line_of(error, "program.py")), special)
        send(write_fd, reply)


def plain_of(value, base):
    if base is dict:
        return {key: item for key, item in dict.items(value)}
    if base in (int, float, complex, str, bytes):
        return base.__new__(base, base.__str__(value)) if base is str else base(value)
    return base(base.__iter__(value))


def iterate(value):
    return iter(value)


def several(iterator):
    items = []
    for item in iterator:
        items.append(item)
        if len(items) >= 256:
            return (False, items)
    return (True, items)


OPERATIONS = {
    "len": len,
    "iter": iterate,
    "several": several,
    "next": lambda it: ("item", next(it)),
    "getitem": lambda a, b: a[b],
    "setitem": lambda a, b, c: a.__setitem__(b, c),
    "delitem": lambda a, b: a.__delitem__(b),
    "str": str,
    "repr": repr,
    "bool": bool,
    "hash": hash,
    "int": int,
    "float": float,
    "index": lambda a: a.__index__(),
    "eq": lambda a, b: bool(a == b),
    "lt": lambda a, b: bool(a < b),
    "le": lambda a, b: bool(a <= b),
    "gt": lambda a, b: bool(a > b),
    "ge": lambda a, b: bool(a >= b),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "truediv": lambda a, b: a / b,
    "matmul": lambda a, b: a @ b,
    "neg": lambda a: -a,
    "abs": abs,
    "contains": lambda a, b: bool(b in a),
    "enter": lambda a: a.__enter__(),
    "exit": lambda a: a.__exit__(None, None, None),
}


def run_plainly(source, limits):
    """The program as a script: its input and output are this process's own."""
    prepare(limits)
    names = plain_main("__main__")
    names["__file__"] = "program.py"
    code = 0
    try:
        exec(compile(source, "program.py", "exec"), names)
    except SystemExit as error:
        code = error.code
        if code is None:
            code = 0
        elif type(code) is not int:
            code = tell(code, 1)
    except BaseException as error:
        line = line_of(error, "program.py")
        code = tell("%s: %s%s" % (type(error).__name__, error, "" if line is None else " (line %d)" % line), 1)
    try:
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        if "atexit" in sys.modules:
            sys.modules["atexit"]._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:
        code = code or 120
    os._exit(code & 255)


def tell(message, code):
    try:
        os.write(2, str(message).encode("utf-8", "replace")[-2000:] + b"\n")
    except BaseException:
        pass
    return code


# ---- The judge's side.


class Ended(BaseException):
    """The program has ended, or was ended; "machine" where the machine is to blame."""

    def __init__(self, why, machine=False):
        self.why, self.machine = why, machine


class Program:
    """A process of the program, and the watch over it."""

    def __init__(self, main, pipes):
        self.main = main
        ours, theirs = [], []
        for is_read_here in pipes:
            read, write = os.pipe()
            ours.append(read if is_read_here else write)
            theirs.append(write if is_read_here else read)
        self.fds = ours
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                main(theirs, ours)
            finally:
                os._exit(121)
        for fd in theirs:
            os.close(fd)
        for fd in ours:
            os.set_blocking(fd, False)
        self.ended = None

    def watch(self, limits, alone):
        self.limits, self.alone = limits, alone
        self.started = time.monotonic()
        self.pause = 0.02
        return self

    def wait(self, reads, writes=()):
        """Waits until one can be read or written; ends the program where it goes beyond a limit."""
        while True:
            ready = select.select(reads, writes, [], self.pause)
            if ready[0] or ready[1]:
                return ready
            self.look()

    def look(self):
        self.pause = min(0.1, self.pause * 1.5)
        limits = self.limits
        if self.alone:
            used = memory_of_all()
            if used > limits["memoryBytes"]:
                raise Ended("used more than %d MiB of memory" % (limits["memoryBytes"] >> 20))
        elapsed = time.monotonic() - self.started
        if elapsed <= limits["wallSeconds"]:
            return
        # Alone and with one thread, it cannot have kept itself from running.
        if elapsed - self.waited() <= limits["wallSeconds"] and self.is_single():
            if elapsed < 2 * limits["wallSeconds"]:
                return
            raise Ended("did not get its time from the machine within %d s" % elapsed, True)
        raise Ended("stood still: not done after %d s" % limits["wallSeconds"])

    def waited(self):
        """Seconds that the kernel says it was ready to run and others ran."""
        try:
            with open("/proc/%d/schedstat" % self.pid) as file:
                return int(file.read().split()[1]) / 1e9
        except (OSError, ValueError, IndexError):
            return 0

    def is_single(self):
        try:
            with open("/proc/%d/status" % self.pid) as file:
                if "\nThreads:\t1\n" not in file.read():
                    return False
            return not self.alone or len(others()) <= 1
        except OSError:
            return False

    def reap(self):
        """How it ended, waited for."""
        if self.ended is None:
            while True:
                pid, status, usage = os.wait4(self.pid, os.WNOHANG)
                if pid:
                    break
                time.sleep(min(0.01, self.pause))
                self.look()
            self.ended = how_it_ended(status, usage, self.limits)
        return self.ended

    def kill(self):
        for fd in self.fds:
            try:
                os.close(fd)
            except OSError:
                pass
        if self.alone:
            try:
                os.kill(-1, 9)
            except ProcessLookupError:
                pass
        else:
            for target in (-self.pid, self.pid):
                try:
                    os.kill(target, 9)
                except ProcessLookupError:
                    pass
        while True:
            try:
                os.waitpid(-1, 0)
            except ChildProcessError:
                return


def how_it_ended(status, usage, limits):
    if os.WIFEXITED(status):
        return os.WEXITSTATUS(status), "ended itself with code %d" % os.WEXITSTATUS(status)
    number = os.WTERMSIG(status)
    if number in (9, 24) and usage.ru_utime + usage.ru_stime >= limits["cpuSeconds"] - 0.2:
        return -number, "used more than %d s of CPU" % limits["cpuSeconds"]
    return -number, "was killed by signal %d" % number


def others():
    return [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 2]


def memory_of_all():
    used = 0
    for name in others():
        try:
            with open("/proc/%s/statm" % name) as file:
                # What is shared counts too, but for what Python's own files take.
                used += max(0, int(file.read().split()[1]) * PAGE - (8 << 20))
        except (OSError, IndexError):
            pass
    disk = os.statvfs("/tmp")
    # An empty file takes a kilobyte of the kernel.
    return used + (disk.f_blocks - disk.f_bfree) * disk.f_frsize + (disk.f_files - disk.f_ffree) * 1024


class Link:
    """Calls into the program's process. What it answers is data, whatever it says."""

    def __init__(self, program):
        self.program = program
        self.read_fd, self.write_fd = program.fds
        self.buffer = bytearray()
        self.callbacks = []
        self.exceptions = {}
        self.last = ()

    def special(self, value, add, depth):
        if type(value) is Remote:
            return add(b"o%d;" % object.__getattribute__(value, "_id"))
        if put_known(value, add, self.special, depth):
            return
        if callable(value):
            self.callbacks.append(value)
            return add(b"k%d;" % (len(self.callbacks) - 1))
        if hasattr(value, "__next__"):
            return put(list(value), add, self.special, depth)
        raise TypeError("a test cannot hand an object of %s to the program" % type(value).__name__)

    def read_special(self, kind, reader, depth):
        if kind == b"o":
            return Remote(self, int(reader.number()))
        if kind == b"X":
            return read_known(reader, depth)
        raise Unsound("an unknown kind of value")

    def send(self, message):
        data = encode(message, self.special)
        data = memoryview(b"%d;" % len(data) + data)
        while data:
            self.program.wait([], [self.write_fd])
            try:
                data = data[os.write(self.write_fd, data) :]
            except BlockingIOError:
                pass
            except BrokenPipeError:
                raise Ended(self.program.reap()[1])

    def receive(self):
        while True:
            end = self.buffer.find(b";", 0, 16)
            if end >= 0 or len(self.buffer) >= 16:
                if end < 0 or not self.buffer[:end].isdigit() or int(self.buffer[:end]) > MESSAGE_BYTES_MAX:
                    raise Unsound("no message")
                size = int(self.buffer[:end])
                if len(self.buffer) > end + size:
                    data = bytes(self.buffer[end + 1 : end + 1 + size])
                    del self.buffer[: end + 1 + size]
                    return Reader(data, self.read_special).value()
            self.program.wait([self.read_fd])
            try:
                data = os.read(self.read_fd, 1 << 20)
            except BlockingIOError:
                continue
            if not data:
                raise Ended(self.program.reap()[1])
            self.buffer += data

    def ask(self, *request):
        self.send(request)
        while True:
            reply = self.receive()
            if type(reply) is not tuple or not reply:
                raise Unsound("no reply")
            if reply[0] == "callback":
                _, number, given = reply
                try:
                    self.send(("ok", self.callbacks[number](*given)))
                except (Ended, Unsound):
                    raise
                except BaseException as error:
                    self.send(("error", str(error)))
                continue
            if reply[0] == "ok":
                _, value, changed = reply
                return value, changed
            _, mro, told, line = reply
            raise self.exception(mro)("%s%s" % (told, "" if line is None else " (line %d of the program)" % int(line)))

    def exception(self, mro):
        """The built-in class of that name, or one of the same name and bases made here."""
        if type(mro) is not list or not mro or not all(type(each) is str for each in mro):
            raise Unsound("no class of an error")
        if mro[0] in ("SystemExit", "KeyboardInterrupt", "GeneratorExit", "BaseException"):
            return self.made(mro[0], Exception)
        own = getattr(builtins, mro[0], None)
        if isinstance(own, type) and issubclass(own, Exception):
            return own if own in PLAIN_ERRORS else self.made(mro[0], own)
        return self.made(mro[0], self.exception(mro[1:]) if len(mro) > 1 and mro[1] != "object" else Exception)

    def made(self, name, base):
        key = (name, base)
        if key not in self.exceptions:
            self.exceptions[key] = type(name, (base,), {"__init__": BaseException.__init__, "__str__": BaseException.__str__})
        return self.exceptions[key]

    def call(self, target, given, named):
        value, changed = self.ask("call", target, given, named)
        self.last = (value,)
        for before, after in zip(given, changed):
            if after is None or type(after) is not type(before) or same(before, after):
                continue
            if type(before) in (list, bytearray):
                before[:] = after
            else:
                before.clear()
                before.update(after)
        return value


def same(a, b):
    try:
        return a == b
    except Exception:
        return False


def shortly(value):
    try:
        text = "an object" if type(value) is Remote else repr(value)
    except BaseException:
        text = "a value that cannot be shown"
    return text if len(text) <= 80 else text[:80] + "..."


class Remote:
    """
    An object of the program. What is asked of it, the program answers. It is never told a value that a test compares with: an
    object is equal to no plain value, and has no other operator with one.
    """

    def __init__(self, link, number):
        object.__setattr__(self, "_link", link)
        object.__setattr__(self, "_id", number)

    def _ask(self, what, *given):
        return object.__getattribute__(self, "_link").ask(what, (self, *given))[0]

    def __call__(self, *given, **named):
        return object.__getattribute__(self, "_link").call(self, given, named)

    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__") and name not in ("__name__", "__doc__", "__dict__"):
            raise AttributeError(name)
        return object.__getattribute__(self, "_link").ask("attribute", self, name)[0]

    def __setattr__(self, name, value):
        object.__getattribute__(self, "_link").ask("set", self, name, value)

    def __instancecheck__(self, value):
        return type(value) is Remote and bool(object.__getattribute__(self, "_link").ask("isinstance", value, self)[0])

    def __eq__(self, other):
        if type(other) is not Remote:
            return False
        if object.__getattribute__(self, "_id") == object.__getattribute__(other, "_id"):
            return True
        return self._ask("eq", other) is True

    def __ne__(self, other):
        return not self == other

    def __iter__(self):
        iterator = self._ask("iter")
        if type(iterator) is not Remote:
            return iter(iterator)
        return iterator._items()

    def _items(self):
        while True:
            done, items = self._ask("several")
            yield from items
            if done:
                return

    def __next__(self):
        return self._ask("next")[1]

    def __bool__(self):
        return self._ask("bool") is True

    def __contains__(self, item):
        if type(item) is Remote:
            return self._ask("contains", item) is True
        return any(item == each for each in self)

    def __hash__(self):
        return hash(object.__getattribute__(self, "_id"))

    def __exit__(self, *_):
        self._ask("exit")


def plain_answer(name, kind):
    def ask(self):
        value = self._ask(name)
        if type(value) is not kind:
            raise TypeError("an object of the program gave no %s" % kind.__name__)
        return value

    return ask


for each, kind in (("len", int), ("str", str), ("repr", str), ("int", int), ("float", float), ("index", int)):
    setattr(Remote, "__%s__" % each, plain_answer(each, kind))
for each in ("getitem", "setitem", "delitem", "neg", "abs", "enter"):
    setattr(Remote, "__%s__" % each, (lambda name: lambda self, *given: self._ask(name, *given))(each))


def among_objects(name):
    def ask(self, other):
        if type(other) is not Remote:
            raise TypeError("an object of the program has no operator with a plain value in tests")
        return self._ask(name, other)

    return ask


for each in ("lt", "le", "gt", "ge", "add", "sub", "mul", "truediv", "matmul"):
    setattr(Remote, "__%s__" % each, among_objects(each))

# Modules that tests often use without importing them: theirs, not what the program may call so.
LIBRARY = frozenset(
    "math cmath itertools functools collections re operator statistics fractions decimal datetime json string random copy time typing sys os".split()
)


class Names(dict):
    """What a test knows: Python's own names, then the program's."""

    def __init__(self, link):
        dict.__init__(self, __builtins__=builtins, __name__="tests")
        self.link = link

    def __missing__(self, name):
        if hasattr(builtins, name):
            return getattr(builtins, name)
        if name in LIBRARY:
            return __import__(name)
        (kind, *value), _ = self.link.ask("name", name)
        if kind == "none":
            raise KeyError(name)
        if kind == "exception":
            return self.link.exception(value[0])
        if kind == "module":
            top = value[0].split(".")[0]
            if top in sys.stdlib_module_names:
                __import__(value[0])
                return sys.modules[value[0]]
            return value[1]
        return value[0]


PLAIN_ERRORS = {ValueError, TypeError, IndexError, KeyError, ZeroDivisionError, AttributeError, RuntimeError, NotImplementedError}
PLAIN_ERRORS |= {ArithmeticError, OverflowError, AssertionError, LookupError, Exception, RecursionError, MemoryError, EOFError}


def one_line(text):
    text = " ".join(str(text).split())
    return text if len(text) <= FAULT_CHARS_MAX else text[:FAULT_CHARS_MAX] + "..."


def named(error):
    try:
        told = str(error)
    except BaseException:
        told = ""
    return "%s: %s" % (type(error).__name__, told) if told else type(error).__name__


def judge_asserts(link, tests, report):
    limits = link.program.limits
    try:
        link.send((limits, tests.pop("program")))
        link.ask("load")
        fault = None
    except Ended as end:
        fault = end
    except BaseException as error:
        fault = Ended("failed before its tests: " + named(error))
    names = Names(link)
    for test in tests["asserts"]:
        if fault is not None:
            report("machine" if fault.machine else "failed", "the program " + fault.why)
            continue
        link.last = ()
        try:
            exec(compile(test, "test", "exec"), names)
            report("ok", "")
        except Ended as end:
            fault = end
            report("machine" if end.machine else "failed", "the program " + end.why)
        except AssertionError as error:
            said = "%s failed" % one_line(test) if not str(error) else "%s failed: %s" % (one_line(test), one_line(error))
            report("failed", said + "".join("; the last call gave " + shortly(value) for value in link.last))
        except BaseException as error:
            report("failed", "%s in %s" % (named(error), one_line(test)))


def judge_runs(job, limits, report):
    for at, text in enumerate(job["inputs"]):
        if at > 0 and job["alone"]:
            clear("/tmp")
        outcome = run_once(job["program"], text.encode("utf-8", "surrogatepass"), limits, job["alone"])
        report(*outcome)


def clear(folder):
    """No run finds what one before it wrote; a tree that is too deep to be removed stays."""
    stack = [folder]
    try:
        while stack:
            inner = []
            with os.scandir(stack[-1]) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        os.chmod(entry.path, 0o700)
                        inner.append(entry.path)
                    else:
                        os.unlink(entry.path)
            if inner:
                stack.extend(inner)
            elif len(stack) > 1:
                os.rmdir(stack.pop())
            else:
                return
    except OSError:
        return


def script_of(source, limits):
    def main(theirs, ours):
        for at, fd in enumerate(theirs):
            os.dup2(fd, at)
        os.closerange(3, 1024)
        set_dumpable(1)
        run_plainly(source, limits)

    return main


def run_once(source, given, limits, alone):
    program = Program(script_of(source, limits), (False, True, True)).watch(limits, alone)
    write_fd, out_fd, error_fd = program.fds
    out, errors, left = bytearray(), bytearray(), memoryview(given)
    end_fd = os.pidfd_open(program.pid)
    reads, writes = [out_fd, error_fd, end_fd], [write_fd]
    try:
        while len(reads) > 1 or end_fd in reads:
            if writes and not left:
                os.close(write_fd)
                writes = []
                program.fds = [out_fd, error_fd]
            readable, writable, _ = program.wait(reads, writes)
            if readable == [end_fd]:
                # What outlives the program and holds its output open is not waited for.
                break
            for fd in readable:
                if fd == end_fd:
                    continue
                data = os.read(fd, 65536)
                if not data:
                    reads.remove(fd)
                elif fd == out_fd:
                    out += data
                    if len(out) > limits["outputBytes"]:
                        raise Ended("wrote more than %d KiB" % (limits["outputBytes"] >> 10))
                else:
                    errors = (errors + data)[-2000:]
            if writable:
                try:
                    left = left[os.write(write_fd, left[:65536]) :]
                except BrokenPipeError:
                    left = left[:0]
        code, why = program.reap()
        if code != 0:
            last = errors.decode("utf-8", "replace").strip().split("\n")[-1]
            raise Ended(why + (": " + last if last else ""))
        return "ok", out.decode("utf-8", "replace")
    except Ended as end:
        return ("machine" if end.machine else "failed"), "the program " + end.why
    finally:
        os.close(end_fd)
        program.kill()


def main():
    isolated = set_dumpable(0)
    os.closerange(4, 1024)
    job_text = None

    def served(theirs, ours):
        reply, request = theirs
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        os.dup2(reply, 60)
        os.dup2(request, 61)
        os.closerange(3, 60)
        os.closerange(62, 1024)
        set_dumpable(1)
        serve(61, 60)

    # Before the tests are read: the program's process must not have them in its memory.
    program = Program(served, (True, False)) if sys.argv[1:] != ["inputs"] else None
    chunks = []
    while True:
        data = os.read(0, 1 << 20)
        if not data:
            break
        chunks.append(data)
    job = eval(b"".join(chunks).decode("utf-8", "surrogatepass"), {"true": True, "false": False, "null": None})
    report_fd, limits = job["reportFd"], job["limits"]

    def report(kind, text):
        data = one_line(text) if kind != "ok" else text
        line = b"%s %s\n" % (kind.encode(), binascii.b2a_base64(data.encode("utf-8", "replace"), newline=False))
        while line:
            line = line[os.write(report_fd, line) :]

    if not isolated:
        return report("broken", "the kernel does not keep the judge's memory from the program")
    report("ready", "")
    cpu = limits["cpuSeconds"] + 10
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_AS, (2 * limits["memoryBytes"], 2 * limits["memoryBytes"]))
    if program is None:
        judge_runs(job, limits, report)
    else:
        program.watch(limits, job["alone"])
        try:
            judge_asserts(Link(program), job, report)
        finally:
            program.kill()
    report("end", "")


main()
