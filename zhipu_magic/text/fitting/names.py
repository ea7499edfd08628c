"""Python's names with two underscores on either side, which are no emphasis."""

from __future__ import annotations

_NAMES = """
    abs add aenter aexit aiter all and anext annotations array array_function array_interface array_priority
    array_ufunc array_wrap author await bases bool build_class builtins bytes cached call cause ceil class
    class_getitem closure cmp code coerce complex contains context copy dataclass_fields date debug deepcopy defaults
    del delattr delete delitem dict dir divmod doc email enter eq exit file float floor floordiv format fspath func
    future ge get getattr getattribute getinitargs getitem getnewargs getnewargs_ex getstate globals gt hash iadd iand
    ifloordiv ilshift imatmul imod import imul index init init_subclass instancecheck int invert ior ipow irshift isub
    iter itruediv ixor kwdefaults le len length_hint license loader long lshift lt main map mangled matmul metaclass
    missing mod module mro mro_entries mul name ne neg new next nonzero notes objclass oct or ord path pos post_init
    pow prepare print qualname radd rand rdivmod reduce reduce_ex release_buffer repr reversed rfloordiv rlshift
    rmatmul rmod rmul ror round rpow rrshift rshift rsub rtruediv rxor self set set_name setattr setitem setstate
    signature sizeof slots spec static_attributes str sub subclasscheck subclasses subclasshook suppress_context text
    text_signature title traceback truediv trunc type_params unicode version weakref wrapped xor
"""
DUNDERS = frozenset(_NAMES.split())
