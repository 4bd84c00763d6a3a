"""RSA signatures by published vectors, and messages forged with the private key of one of them."""

import binascii
import hashlib
import time

from firmware.crypto import rsa, run

LONGEST_US = 5000  # of a slice, on this machine
# CAVS 11.0, FIPS 186-3 SigVer15 and SigVerPSS: bits, e, salt (None: PKCS#1 v1.5), SHA-256 of the
# message, n, signature; all good
VALID = (
    (
        2048,
        65537,
        None,
        "5447464988bedf5ab8068e0cfd0ea53ae9f0ec7a982f57a5e6cafd3bc1b5f564",
        (
            "a911245a2cfb33d8ee375df9439f74e669c03a8d9acad25bd27acf3cd8bea7eb9dbe470155c7c727"
            "82c94861f7b573cd325639fb070e9ba6e621991aefa45106182e4d264be7068035595d7549052989"
            "b3e7fd04cabc94012c1278a0ef8672b1a51dd1a9e276816ba497dea24b4febe3dd8e977707bcd230"
            "ca6fb6f8a8bff9e6ba24fbadcd93f00126b19b396a38e6ef86d18fef945b9154c1963fb488c70259"
            "53511f86d05638bfe056493730bc6778446e59cd3c5c3acf07a0a3a64943793652f10e3292aa7a6d"
            "25a03181cc6f6ba0658d909e59ce2a02bacc9766fd8c4fbd4ed9c23a866844b8a794d49e505f9f94"
            "4870a71aadbe5338039825c2dff81af3"
        ),
        (
            "794d0a45bc9fc6febb586e319dfa6924c888594802b9deb9668963fdb309bf02817960a7457106fc"
            "474f91601436e8954cbb6815350b2c51b53c968d2c48cc1799550d5d03b41f6e5a8c3c264d2e2fe0"
            "b5b8ff53fdcb9dd111c985cb488d7086e6548b4077ec00721c9cb500fe07a031c2030e8ad1dd0112"
            "c34ffd9091d77a187aac8661b298eee39eb615f9715c4c48a6762ede55a466ec7f3cdb6a937cfc80"
            "188a85d8f8d3a2a80b199ce5e6375af8f02f06d706a34d9cf38318903965db54aaa7d3fa7a7ee580"
            "34cd58c8435739c8906366e2ddba293f2fb2c15f07fa4951014471e7f677d3bdacffc4c68a906e08"
            "d68b39f9010746cbacd22980cee73e8d"
        ),
    ),
    (
        3072,
        3,
        None,
        "4d40c679252f13621ec842640f8d6bab73c943a071715151fa1a726bb7adb732",
        (
            "cf92efc93d89c560e4cff3e81fb72672bf010ae82335c342ed80c0eace8fd0333470dfe2d327f9eb"
            "e0ede4f39b0260144d1ec783dffda1f883c0a41cd21e9244d1ab2e4869d765c7e1506e5c1be03db0"
            "67be54e887daaa13e0d5122e872373891a0480c56d8ced157d316a8ec314bb9f15fa49c0ffc0d78f"
            "913ec2dcf354bcfdae2bc031febc69c4fe9c51c05dcec9c1d3004dc8a9c62234d91e4dbd5f9455d9"
            "4814bd6feef8697efdd9c93af4a9b1ca2e9023109905242eb82977bb4866a81220f8232558af6729"
            "6b34a19b818e5c07ba53b6e4b270ccf67cc7149c79bf875fff248f4f6f86fa4e9a10dfc162b4c4ac"
            "cbd5f76e4afc89c5339a35f960c7e5d156058bde8c9a49aceb5fea67a09325348a8d573e304e9d13"
            "3f77913c785e5725d615432d6a258dd4038011a7e19369de19878e945e9d4191148550bdbe5bc22a"
            "ab57703dc880c3bc08c2df1327ebbf5bb9c2e75082e998dc48685511958c4e7b895dd6be533ffe84"
            "d5aee6511480e6547b89144136b8aa41c6942c00f5ed42b7"
        ),
        (
            "7f25b51b4d94f2220ff257205e640272376993e698cce9fc5a9b429ecf8a3d6d4150341df129b740"
            "30afd5d092858153cdd01a38a586c05871632525ad7b9d433dd9f8b1436d3d62efe46501665e075e"
            "918c39f775ad6e1e3e4883a529024193891d9463b0d1424a42890d5c05058d8925fb4c446510f12a"
            "fd6457b50cb611eb0ca641b8f2f2c0afa4f03e98d154447497a4640405676e003f8a2cae21458d56"
            "c59785e34f54000b6105e85e25e4c380db43c71b990d3653ac344e2bc72bff987d6c5249205f2770"
            "998725e88125309a7c49dc28f9e6fc8a1340f9dab47fc6507d3d99fa876c330ee8183827db1cfa6c"
            "05179bd49d5e4bd6b467d559731417c9b19d0d265bd7cce858178e15cda9eda4b1ace1f6a492251c"
            "4e591945d2749d7ce65e8c03d57277e6bcb0f097c13504f006405e879616d95b5b75005118830bea"
            "ab13538943044da67867877da87f29183fc05ca754df6c5bff810b6e5dc64b9e50ad29da9fc74a2f"
            "d20ccac5a300928ced1c3eb719e44e3b21071746fc559b1f"
        ),
    ),
    (
        4096,
        65537,
        None,
        "ccbf5266a1170ca5d0204bc744340db06103ea7fae44beb15bb48c9f23dbae75",
        (
            "b10935650754c1a27e54f9ee525c77045d1a056baedc8c1ba05a3d66322c8e2e41689ca02b8e6ec5"
            "5d3331cd714e161b35c774311540c6410cc3b130e65cec325377ccf18a5d77054afaa737e65b6866"
            "2327627f5d1092df98c08b60a3ba67599b1406986f441528d2f1f5d6fe5ec6b8aa797dbdb3162876"
            "b08298237af81c7004863576af572ddd66c487cf32a82d0f9fe260f8f2681613208aec55723622f5"
            "0d3cb3bd33b1226d5b5b9ea2c97a2c59054e31536849ec2f0f2597c077e621ddea0a22ddfb1df925"
            "c9f1941cd431afce0398d28e736cfeab3dd7f062a65a2a4c1ddca1f32afa03b4ddfd8b7ca40cc0ce"
            "2ed42229d753f03cc6d8bcdca76ab7c2703c5ddad08aa9bf9a27740a8b23168c6b55917bd3d5c1c0"
            "57c34d1efb1411da51ab745519bd92b9432fea8fadcb9a70e5dc3adcd3081d3333507b7b998886e9"
            "88296628dd7265e64eab557712556cc492377f15a078dcb620a6e7f051a1fb8754efdca3de253dd0"
            "aad4205b032659e4a4fb307f074fbde340702b5911acb34737d7834600cf2ac77f62f83ccc9ba78f"
            "f911021b9f8ad1bf421430ae0d64916944b504542c0f6263c48e5e233ef1869df1efc2ccf6f4a95e"
            "4db2de7b4cb1a992bef6573511bab4bf2cd58e72a0c235f56dfc182df4dfffb69433a5677415f35d"
            "84f5125f5200eb57868cce6b74c5833417990e318372c9239a36dca1a0b28809"
        ),
        (
            "2df1e58e7491739bb027c6315a70eebbcf37b8e5958df07578a589a47cbaf1edb23ff2e676f2f273"
            "a1cc0babd22e0bff874529cfd6479ae5c7250f06579eb212dd3f4058c476abae8e94c89afe05746c"
            "3aea93155cf03195ce5f4eced399d2b61aab7f4060b69844cbff6303d264c4755be78af001d125af"
            "461fececad8f46a9c4b07420ca63c4212f80a751fcca6a4737684543fcf07b39089baa9995394766"
            "f69239479e7c9778c644e022dd4ec7e07a769aa75db2571e58a5e0ba1e4377e9677092bc9dee9d9d"
            "bb448441da8f4385b4d4f8ccff4b3dc3c3c3ac8ba11a6ce8caafa930108ba3603c5b0ef65a02a7af"
            "ebebf605aa88511513a69b3086fdfc25c588c4d61a06219d0d5643410d3ae4d78b2f695efe4e0b82"
            "161c53bb9d4b8a83692bb16de8da18b4a6c2abbd0f6b0e24229077fd6c3bca918bc9d9f451859823"
            "8df0c925f8587fff0852c44e8107ccbc1ce6a9be3b0941c3b28bb03c87eeb959d719dba9a64a338c"
            "7b9931cdf6bb169686de1f8de0e1fa74d03419d164f2c8bd2030562705d1470415e48144181dfd31"
            "cdd4219b5d22f9a4c659923cf5c4edbde18e8277dae11264c11423c5481402e80af223f0c4faea0c"
            "2c7aefacbf513962c2f16af353ffae1414b408f726eeb946d7c4c8577e72d8f1d49ae2301cf70abe"
            "e46d286a6fac1b888c334538abb3b830fae595bbb19ea9dce46a343da031117c"
        ),
    ),
    (
        2048,
        65537,
        10,
        "44d23c4c43931efa682e3367c8d77c788f387dc8590092b77e6862ba8a336b05",
        (
            "c6e0ed537a2d85cf1c4effad6419884d824ceabf5200e755691cb7328acd6a755fe85798502ccaec"
            "9e55d47afd0cf3258ebe920b50c5fd9d72897462bd0e459bbdf902b63d17195b2ef54908980be12a"
            "a7489f8af274b92c0cbc16aed2fa46f782d5517b666edfb2e5e5efeaff7e24965e26472e51980b0c"
            "fe457d297e6aa5dacb8e728dc6f58130f925a13275c3cace62f820db1e13cc5274c58ff4d7837671"
            "a1bf5f80d6ad8699c568df8d24dd0f152ded36ef4861f59b354bba96a076913a25facf4722737e6d"
            "eed95b69a00fb2bced0feeedea4ff01a92605cfe26a6b39553d0c74e5650eb3779705e135c4b2fa5"
            "18a8d4339c53efab4bb0058238def555"
        ),
        (
            "40d59ebc6cb7b960cbda0db353f9b85d77e7c03f84447fb8e91b96a5a7377abc329d1f55c85e0dbe"
            "dbc2886ce191d9e2cf3be05b33d6bbd2ba92b85eee2ff89cd6ee29cd531e42016e6aba1d620fe55e"
            "44480c033e8a59c0852dd1caffbc2ce82969e3a9f44ceff79f89993b9ebf3741b2ccab0b9516f2e1"
            "28656a5b2ad5251e20c6ce0c26a14eef7ee86458942ddbe95ccc1f67b253e43e72117f49595dab5b"
            "a423496ece12825435661112666dbae71aaffd5a8f1d58db9dc02e0d70fe3ac36a87b8eeed4f20c0"
            "0fd4303f9f767d03bca1a619bbe4b08e4e53b5cb69d2ba0235063e04ca392334d9979a41c42a66ca"
            "8b9721edcf76989ba89f3a170bb2e485"
        ),
    ),
    (
        4096,
        65537,
        10,
        "d2ec26d0952fd0029fb640f4c2b1329bd5dda8bcd80bf103e541f65525cc77b3",
        (
            "d7e8df622c35d46a2b92aa4a4167415178f57aa2b14f996008e41244a2c6e4e39e897579fa4d4fce"
            "60199033ee922c0f09fb8fe6572eed3a17a3c7a4ee33c8a715b6185200735c4dab77cab436b30b4d"
            "7a75900da2e87c823f233c45cd074db5805e70d582b31e3532f55aa73162302298c1c14dad186aa5"
            "58c88840b04d8ce503a8a766089b66c1b0b4dcfa609e8376dee4913dfff6c3f8dcf2e962c7b72c86"
            "7f67ad2b2750e920ea19ea518ee6b9d2149ff730afbeadae29b1cca3b73a61e867a700c12d3fce1b"
            "10f56b3611e4c37fe11042cf4230d7d966e5d1cdbc4e53d7049cd7f5066762db27193560f842a234"
            "f9d6d018f6bfa92a36d90c4b695e63e1ff8af82933431443a98dfaf17e780038f8cca2672ede3529"
            "aafe1d38ef73a5939c8664b3f39b0f45207cfe862f7059a8d36dcaa19588c1294e9720bc72474717"
            "e9924d1ab206aa16bf09a3dbf6cd6bdbd093870553bf6a14ea71bc24f892977d0f2adf22673813f9"
            "23228fefa114c3333a40e86cd97f64bcedcaf0a2516c4a11cbd7ad2898b684f39b15435136c13e0a"
            "a1866d10b59c0a5b6338bca491daa62cf22e91edacf26cb6a3e6a9a6ce9671ef4e07612de935a9b0"
            "cc0ec437c6f7a23e895aac5708ebd7ef9d222b70370fcdd44cb8a1caf6f9009ae6fe6283e5508d52"
            "70b5b052fa7901311724f418e8c65fedfdfb9ac51f2bc98c30c909aaeb3fbe9d"
        ),
        (
            "40a35351e11b783060d83bcafce26acf0d60e4b65c1aa487d705b9cc46393f7604c7237d168448a7"
            "4c1acec7cfdedbd16c4c7bb25df9a1d89d3eb6d99e008cb61bcd466f9a30fbb4299eda0d9a327fa4"
            "102294ef08205e814bc44ba2a0243429f84a550b9d0b9dc19c823e92608a1b7e35f29d62eb11194e"
            "a55dd413ed82f35c25a1ad83f1d8844abf46b841cdbea149bd0a17bd6bd728e55d610de19618686e"
            "acab67a84fd6dc03c05deabd13bb83a26a6978d529fa15b468c35eca64c75209fb2a5cf6b6244367"
            "10765e6507226b4e46686d247c17769c90e1839be25a5725262f82980bb097d7a06695d56426e244"
            "e01174dfbe9288611dfc6da3da181287c08a90488e5dc0698f9d5ec9dd0ac9dee0fe2bde7cb2f1c1"
            "aa5b61aefa44dc681f3e090b8de0e7e3eb52ca10a9c2d029aa0d8318f26e33e54d591f831a7f368d"
            "b305da474fed7a7720ad3915cefd59c4c5b35d5066a48c8a9fc2e2bbb1430e7ba125c332c8d450e6"
            "d313c992878d80b4667cbfa255b9f79b82cabe2c24752c3da0917a4cbba9280279a7621724b6987e"
            "04e39f13bbd1ceec95031eb061142922160fd4c55af93148c36e36fb423ce113035d0d441aef27f7"
            "a60de29afda06425f2c51fc73c297ee8151e8a0e05b307db6f9a076271f07099cd902aff495461b7"
            "dcdd32cece0949d87e7f630f0ee5052d0e65c4496ae6645efad9e54052797388"
        ),
    ),
)
PRIVATE = int(
    "290d117f97d672f3647c2b24402832b153d22a25820567688645ed95ffa6e38d116347486ab4b485"
    "c27aef4962653bb60257ef82256785a1d3d52aa0e0b94c37279dee7bb308688aaee98108de6f1373"
    "ed2c12429c9b8770756c12c03908b346b129f963bfaa38a8937190cc656f057ef1a812dd0312f512"
    "85c4f46f9241f3028ea6a61db0e9255976469f5d5542ced55ee2d6f4afe766c0a70f49871d369dd8"
    "f3a82a7141639efd4a1f4a4009821c3c2b9f5c5f5eef99a5f00fbd8bc8191a3654e8f8d8ce12d90e"
    "5ff2a4c530b76306c8c56e0549a6f277ab2af3a60cccbf4bb4b2cb47f04f211f8b86aa653bf6913f"
    "3b5ed190c51b5958e40597a2dfd30061",
    16,
)
SHA256_INFO = binascii.unhexlify("3031300d060960864801650304020105000420")


def vector(bits, salt_len):
    for size, e, salt, digest, n, signature in VALID:
        if (size, salt) == (bits, salt_len):
            return int(n, 16), e, binascii.unhexlify(digest), binascii.unhexlify(signature)
    raise ValueError("no such vector")


N, E, DIGEST, SIGNATURE = vector(2048, None)
HASHED = hashlib.sha256(b"forged").digest()


def works():
    """One for each vector."""
    for bits, _, salt_len, _, _, _ in VALID:
        numbers = vector(bits, salt_len)
        if salt_len is None:
            yield lambda numbers=numbers: rsa.verify_pkcs1(*numbers)
        else:
            yield lambda numbers=numbers, salt=salt_len: rsa.verify_pss(*numbers + (salt,))


def sealed(message):
    """A signature of 256 bytes whose message is this one."""
    return pow(int.from_bytes(message, "big"), PRIVATE, N).to_bytes(256, "big")


def test_published_signatures_are_good():
    for work in works():
        assert run(work()) is True


def test_another_message_key_or_signature():
    assert not run(rsa.verify_pkcs1(N, E, HASHED, SIGNATURE))
    assert not run(rsa.verify_pkcs1(N - 2, E, DIGEST, SIGNATURE))
    assert not run(rsa.verify_pkcs1(N, 3, DIGEST, SIGNATURE))
    for at in (0, 1, 100, 255):
        bad = bytearray(SIGNATURE)
        bad[at] ^= 1
        assert not run(rsa.verify_pkcs1(N, E, DIGEST, bytes(bad)))
    n, e, digest, signature = vector(2048, 10)
    assert run(rsa.verify_pss(n, e, digest, signature, 10))
    assert not run(rsa.verify_pss(n, e, HASHED, signature, 10))
    assert not run(rsa.verify_pss(n, e, digest, signature, 11))
    assert not run(rsa.verify_pss(n, e, digest, signature, 9))
    assert not run(rsa.verify_pss(n, e, digest, signature))
    assert not run(rsa.verify_pkcs1(n, e, digest, signature))
    assert not run(rsa.verify_pss(N, E, DIGEST, SIGNATURE, 10))


def stops_at_once(check):
    """Refused before any work was done."""
    try:
        next(check)
    except StopIteration as end:
        return end.value is False
    return False


def refused(n, e, signature):
    return stops_at_once(rsa.verify_pkcs1(n, e, DIGEST, signature)) and stops_at_once(
        rsa.verify_pss(n, e, DIGEST, signature)
    )


def test_length_of_a_signature():
    """RFC 8017 8.2.2 step 1: just as long as n. And below n (5.2.2 step 1): s + n is not s."""
    long = (int.from_bytes(SIGNATURE, "big") + N).to_bytes(257, "big")
    for bad in (
        b"",
        SIGNATURE[1:],
        SIGNATURE[:-1],
        SIGNATURE + b"\x00",
        b"\x00" + SIGNATURE,
        long,
    ):
        assert refused(N, E, bad)
    assert refused(N, E, N.to_bytes(256, "big")) and refused(N, E, b"\xff" * 256)
    small = 12345  # here s + n has no more bytes than n
    assert (small + N) >> 2048 == 0 and refused(N, E, (small + N).to_bytes(256, "big"))


def test_what_is_no_key():
    """n of 2048 to 4096 bits and odd, e odd and at least 3: 1 would sign everything."""
    for e in (-3, -1, 0, 1, 2, 4, 65536, (1 << 64) + 1):
        assert refused(N, e, SIGNATURE)
    right = b"\x00\x01" + b"\xff" * 202 + b"\x00" + SHA256_INFO + DIGEST
    assert refused(N, 1, right)  # which e = 1 would take
    for n, size in (
        (0, 0), (1, 1), (-N, 256), (N - 1, 256), ((1 << 2047) - 1, 256), ((1 << 1024) + 1, 129),
        ((1 << 4096) + 1, 513), ((1 << 8192) + 1, 1025), (1 << 2048, 257),
    ):  # fmt: skip
        assert refused(n, E, bytes(size)), n
    for n, size in ((1 << 2047 | 1, 256), ((1 << 4096) - 1, 512), (1 << 2048 | 1, 257)):
        work = rsa.verify_pkcs1(n, (1 << 64) - 1, DIGEST, bytes(size))
        next(work)  # begins


def test_only_one_encoding_is_good():
    """RFC 8017 8.2.2: nothing is read out of the message, so nothing can be hidden in it."""
    info = SHA256_INFO + HASHED
    filling = 256 - 3 - len(info)
    sha1 = binascii.unhexlify("3021300906052b0e03021a05000414") + HASHED[:20]
    bare = binascii.unhexlify("302f300b0609608648016503040201" + "0420") + HASHED
    assert run(rsa.verify_pkcs1(N, E, HASHED, sealed(b"\0\1" + b"\xff" * filling + b"\0" + info)))
    for message in (
        b"\0\1" + b"\xff" * 8 + b"\0" + info + bytes(filling - 8),  # Bleichenbacher 2006
        b"\0\1" + b"\xff" * (filling - 9) + b"\0" + info + b"\xff" * 9,
        b"\0\1" + b"\xff" * (filling - 1) + b"\0\0" + info,
        b"\0\1" + b"\xff" * (filling - 1) + b"\xfe\0" + info,
        b"\0\1\xfe" + b"\xff" * (filling - 1) + b"\0" + info,
        b"\0\1" + b"\xff" * filling + b"\1" + info,
        b"\0\2" + b"\xff" * filling + b"\0" + info,
        b"\0\0" + b"\xff" * filling + b"\0" + info,
        b"\0\0" + bytes(filling) + b"\0" + info,
        b"\1\1" + b"\xff" * filling + b"\0" + info,
        b"\0\1" + b"\xff" * (253 - len(bare)) + b"\0" + bare,  # NULL left out
        b"\0\1" + b"\xff" * (253 - len(sha1)) + b"\0" + sha1,
        b"\0\1" + b"\xff" * (253 - 32) + b"\0" + HASHED,
        b"\0\1" + b"\xff" * filling + b"\0" + info[:18] + b"\x1f" + HASHED,
        b"\0\1" + b"\xff" * filling + b"\0" + info[:-1] + b"\0",
    ):
        assert len(message) == 256 and int.from_bytes(message, "big") < N
        assert not run(rsa.verify_pkcs1(N, E, HASHED, sealed(message))), message


def pss_message(salt, first=b"", one=b"\1", trailer=b"\xbc", top=0, count_from=0):
    """EMSA-PSS (RFC 8017 9.1.1) of 2047 bits, with what can be wrong."""
    hashed = hashlib.sha256(bytes(8) + HASHED + salt).digest()
    block = first + bytes(256 - 34 - len(salt) - len(first)) + one + salt
    mask = b""
    while len(mask) < len(block):
        count = count_from + len(mask) // 32
        mask += hashlib.sha256(hashed + count.to_bytes(4, "big")).digest()
    masked = bytearray(a ^ b for a, b in zip(block, mask))
    masked[0] = masked[0] & 0x7F | top
    return bytes(masked) + hashed + trailer


def test_pss_looks_at_all_of_it():
    """RFC 8017 9.1.2, steps 4 to 14."""
    salt = bytes(range(32))
    pss = lambda message, size=32: run(rsa.verify_pss(N, E, HASHED, sealed(message), size))  # noqa: E731
    assert pss(pss_message(salt))
    assert run(rsa.verify_pss(N, E, HASHED, sealed(pss_message(salt))))  # 32, where none is said
    assert pss(pss_message(b""), 0) and not pss(pss_message(b""))
    longest = bytes(256 - 34)
    assert pss(pss_message(longest), len(longest))
    assert not pss(pss_message(salt), 31) and not pss(pss_message(salt), 33)
    assert not pss(pss_message(salt, trailer=b"\xbd"))
    assert not pss(pss_message(salt, trailer=b"\xcc"))
    assert not pss(pss_message(salt, first=b"\1"))
    assert not pss(pss_message(salt, first=bytes(189) + b"\1"))
    assert not pss(pss_message(salt, one=b"\0"))
    assert not pss(pss_message(salt, one=b"\2"))
    assert not pss(pss_message(salt, one=b"\x81"))
    assert not pss(pss_message(salt, count_from=1))
    good = bytearray(pss_message(salt))
    for at in (1, 100, 221, 222, 254):
        good[at] ^= 4
        assert not pss(bytes(good))
        good[at] ^= 4
    assert pss(bytes(good))


def test_pss_unused_bits():
    """RFC 8017 9.1.2 step 6: the bits of the message above those of n are 0, where n leaves any:
    2048 bits of n leave one."""
    for number in range(100):  # n is not all ones: not every such message is below it
        message = pss_message(b"%d" % number + bytes(20), top=0x80)
        if int.from_bytes(message, "big") < N:
            break
    assert message[0] & 0x80 and int.from_bytes(message, "big") < N
    salt_len = len(b"%d" % number) + 20
    assert not run(rsa.verify_pss(N, E, HASHED, sealed(message), salt_len))
    low = bytes([message[0] & 0x7F]) + message[1:]
    assert run(rsa.verify_pss(N, E, HASHED, sealed(low), salt_len))


def test_length_of_a_salt():
    assert stops_at_once(rsa.verify_pss(N, E, DIGEST, SIGNATURE, -1))
    assert stops_at_once(rsa.verify_pss(N, E, DIGEST, SIGNATURE, 256 - 34 + 1))
    assert stops_at_once(rsa.verify_pss(N, E, DIGEST, SIGNATURE, 1 << 40))
    next(rsa.verify_pss(N, E, DIGEST, SIGNATURE, 256 - 34))  # begins


def test_callers_mistake():
    for verify in (rsa.verify_pkcs1, rsa.verify_pss):
        for digest in (b"", bytes(20), bytes(33), bytes(64)):
            try:
                next(verify(N, E, digest, SIGNATURE))
            except ValueError as e:
                assert "SHA-256" in str(e)
            else:
                raise AssertionError("taken")


def test_three_slices_a_multiplication():
    """65537 is 16 squarings and a multiplication; none of them is one long piece."""
    work = rsa.verify_pkcs1(N, E, DIGEST, SIGNATURE)
    slices = 1
    try:
        while True:
            next(work)
            slices += 1
    except StopIteration as end:
        assert end.value and slices == 17 * 3 + 1


def test_no_slice_is_long():
    """The least of several runs of each slice: what another process takes is not ours."""
    for make in works():
        least = slices_us(make())
        for _ in range(3):
            least = [min(pair) for pair in zip(least, slices_us(make()))]
        assert max(least) < LONGEST_US, max(least)


def slices_us(work):
    taken = []
    going = True
    while going:
        begun = time.time_ns()
        try:
            next(work)
        except StopIteration:
            going = False
        taken.append((time.time_ns() - begun) // 1000)
    return taken
