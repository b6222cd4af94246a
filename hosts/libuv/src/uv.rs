//! The little of libuv that this host needs, over its C interface: a loop, a descriptor
//! that it waits for, and a timer.

use std::{
    cell::Cell,
    ffi::{CStr, c_char, c_int, c_void},
    io,
    marker::PhantomData,
    rc::Rc,
};

/// `uv_loop_t`: its size is asked for, and nothing in it looked at.
#[repr(C)]
struct RawLoop {
    _opaque: [u8; 0],
    _not_send: PhantomData<*mut u8>,
}

/// `uv_handle_t`, and with it `uv_poll_t` and `uv_timer_t`, which begin with one.
#[repr(C)]
struct RawHandle {
    _opaque: [u8; 0],
    _not_send: PhantomData<*mut u8>,
}

const UV_POLL: c_int = 8;
const UV_TIMER: c_int = 13;
const UV_READABLE: c_int = 1;
const UV_RUN_DEFAULT: c_int = 0;

type OnReadable = extern "C" fn(*mut RawHandle, c_int, c_int);
type OnHandle = extern "C" fn(*mut RawHandle);

#[link(name = "uv")]
unsafe extern "C" {
    fn uv_loop_size() -> usize;
    fn uv_loop_init(host: *mut RawLoop) -> c_int;
    fn uv_loop_close(host: *mut RawLoop) -> c_int;
    fn uv_run(host: *mut RawLoop, mode: c_int) -> c_int;
    fn uv_stop(host: *mut RawLoop);
    fn uv_update_time(host: *mut RawLoop);
    fn uv_handle_size(kind: c_int) -> usize;
    fn uv_handle_get_data(handle: *const RawHandle) -> *mut c_void;
    fn uv_handle_set_data(handle: *mut RawHandle, it: *mut c_void);
    fn uv_close(handle: *mut RawHandle, closed: OnHandle);
    fn uv_poll_init(host: *mut RawLoop, handle: *mut RawHandle, descriptor: c_int) -> c_int;
    fn uv_poll_start(handle: *mut RawHandle, events: c_int, readable: OnReadable) -> c_int;
    fn uv_timer_init(host: *mut RawLoop, handle: *mut RawHandle) -> c_int;
    fn uv_timer_start(handle: *mut RawHandle, due: OnHandle, wait: u64, again: u64) -> c_int;
    fn uv_timer_stop(handle: *mut RawHandle) -> c_int;
    fn uv_strerror(code: c_int) -> *const c_char;
}

/// A loop of libuv's. Its clones are the same one.
#[derive(Clone)]
pub(crate) struct Loop(Rc<Inside>);

struct Inside {
    raw: *mut RawLoop,
    runs: Cell<bool>,
    _memory: Vec<u128>,
}

/// Calls something whenever a descriptor is readable.
pub(crate) struct Readable(#[expect(dead_code, reason = "it is closed when it is dropped")] Handle);

/// Calls something when it has been set and the time is over.
pub(crate) struct Timer(Handle);

/// A handle of libuv's, which is closed when this is dropped.
struct Handle {
    raw: *mut RawHandle,
    of: Loop,
}

/// What a handle's `data` points to. It lives until libuv has closed the handle, and so does the
/// loop.
struct State {
    call: Box<dyn Fn()>,
    _memory: Vec<u128>,
    _of: Loop,
}

/// Zeroed memory for something of libuv's, aligned for anything.
fn memory(bytes: usize) -> Vec<u128> {
    vec![0; bytes.div_ceil(size_of::<u128>())]
}

fn check(code: c_int) -> io::Result<()> {
    if code >= 0 {
        return Ok(());
    }
    // SAFETY: the text of a known code is static, and of an unknown one it is made and never freed.
    let text = unsafe { CStr::from_ptr(uv_strerror(code)) };
    Err(io::Error::other(text.to_string_lossy()))
}

impl Loop {
    pub(crate) fn new() -> io::Result<Loop> {
        // SAFETY: it reads a constant.
        let mut memory = memory(unsafe { uv_loop_size() });
        let raw = memory.as_mut_ptr().cast();
        // SAFETY: it is memory of that size, which stays where it is until the loop is closed.
        check(unsafe { uv_loop_init(raw) })?;
        Ok(Loop(Rc::new(Inside { raw, runs: Cell::new(false), _memory: memory })))
    }

    /// Runs until it is told to stop, or until every handle is closed.
    pub(crate) fn run(&self) {
        assert!(!self.0.runs.replace(true), "libuv's loop runs already");
        // SAFETY: the loop lives as long as `self`, on this thread, and doesn't run yet. That it
        // says whether handles are left is no failure.
        let _left = unsafe { uv_run(self.0.raw, UV_RUN_DEFAULT) };
        self.0.runs.set(false);
    }

    pub(crate) fn stop(&self) {
        // SAFETY: the loop lives as long as `self`, on this thread.
        unsafe { uv_stop(self.0.raw) };
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // SAFETY: every handle holds the loop until it is closed, so none is left. This is the
        // last use of the memory.
        let closed = unsafe { uv_loop_close(self.raw) };
        debug_assert_eq!(closed, 0, "a handle is left");
    }
}

impl Readable {
    pub(crate) fn new(
        host: &Loop,
        descriptor: c_int,
        f: impl Fn() + 'static,
    ) -> io::Result<Readable> {
        let handle = Handle::new(host, UV_POLL, f, |raw| {
            // SAFETY: memory of the size of a poll, and a loop that lives.
            unsafe { uv_poll_init(host.0.raw, raw, descriptor) }
        })?;
        // SAFETY: an open handle, a poll.
        check(unsafe { uv_poll_start(handle.raw, UV_READABLE, readable) })?;
        Ok(Readable(handle))
    }
}

impl Timer {
    pub(crate) fn new(host: &Loop, f: impl Fn() + 'static) -> io::Result<Timer> {
        let handle = Handle::new(host, UV_TIMER, f, |raw| {
            // SAFETY: memory of the size of a timer, and a loop that lives.
            unsafe { uv_timer_init(host.0.raw, raw) }
        })?;
        Ok(Timer(handle))
    }

    /// So many milliseconds from now, in place of what was set before; or not at all.
    pub(crate) fn set(&self, wait: Option<u64>) -> io::Result<()> {
        let Some(wait) = wait else {
            // SAFETY: an open handle, a timer.
            return check(unsafe { uv_timer_stop(self.0.raw) });
        };
        // libuv counts from when its loop last woke, which may be long ago.
        // SAFETY: the loop lives as long as the handle.
        unsafe { uv_update_time(self.0.of.0.raw) };
        // SAFETY: an open handle, a timer.
        check(unsafe { uv_timer_start(self.0.raw, due, wait, 0) })
    }
}

impl Handle {
    fn new(
        host: &Loop,
        kind: c_int,
        f: impl Fn() + 'static,
        init: impl FnOnce(*mut RawHandle) -> c_int,
    ) -> io::Result<Handle> {
        // SAFETY: it reads a table, by a kind that there is.
        let mut memory = memory(unsafe { uv_handle_size(kind) });
        let raw = memory.as_mut_ptr().cast();
        check(init(raw))?;
        let state = State { call: Box::new(f), _memory: memory, _of: host.clone() };
        let state = Box::into_raw(Box::new(state));
        // SAFETY: an open handle; what it points to is freed when it is closed.
        unsafe { uv_handle_set_data(raw, state.cast()) };
        Ok(Handle { raw, of: host.clone() })
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: an open handle, which nobody else closes.
        unsafe { uv_close(self.raw, closed) };
    }
}

extern "C" fn readable(handle: *mut RawHandle, _status: c_int, _events: c_int) {
    due(handle);
}

extern "C" fn due(handle: *mut RawHandle) {
    // SAFETY: the handle is open, and its state was set when it was made.
    let state: *const State = unsafe { uv_handle_get_data(handle) }.cast();
    // SAFETY: it lives until the handle is closed, which happens in no call of its own. Panics end
    // the program at this border.
    let state = unsafe { &*state };
    (state.call)();
}

extern "C" fn closed(handle: *mut RawHandle) {
    // SAFETY: it was set when the handle was made.
    let state: *mut State = unsafe { uv_handle_get_data(handle) }.cast();
    // SAFETY: it came from a box, and libuv is done with the handle, whose memory goes with it.
    drop(unsafe { Box::from_raw(state) });
}
