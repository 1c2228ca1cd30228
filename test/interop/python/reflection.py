# SPDX-License-Identifier: Apache-2.0
"""Asks a server by reflection, with grpcio-reflection: `reflection.py HOST:PORT SERVICE...`; a line for each case."""
import sys

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def expect(fact, why):
    if not fact:
        raise AssertionError(why)


def symbols_of(file):
    """The full names of everything that a file declares."""
    def of_message(prefix, message):
        name = f'{prefix}.{message.name}'
        yield name
        yield from (f'{name}.{each.name}' for each in (*message.field, *message.oneof_decl))
        for nested in message.nested_type:
            yield from of_message(name, nested)
        for enum in message.enum_type:
            yield from of_enum(name, enum)

    def of_enum(prefix, enum):
        yield f'{prefix}.{enum.name}'
        yield from (f'{prefix}.{value.name}' for value in enum.value)

    for message in file.message_type:
        yield from of_message(file.package, message)
    for enum in file.enum_type:
        yield from of_enum(file.package, enum)
    for service in file.service:
        yield f'{file.package}.{service.name}'
        yield from (f'{file.package}.{service.name}.{method.name}' for method in service.method)


class World:
    def __init__(self, channel, services):
        self.channel = channel
        self.services = services
        self.database = ProtoReflectionDescriptorDatabase(channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def ask(self, *requests):
        stub = reflection_pb2_grpc.ServerReflectionStub(self.channel)
        return list(stub.ServerReflectionInfo(iter(requests), timeout=20))


@case
def reflection_list(world):
    listed = sorted(world.database.get_services())
    expect(listed == world.services, f'listed {listed}')


@case
def reflection_describe(world):
    """Every symbol of every file that the services stand on is found, and in the file that declares it."""
    Request = reflection_pb2.ServerReflectionRequest
    files = {}
    for service in world.services:
        world.pool.FindServiceByName(service)
        for response in world.ask(Request(file_containing_symbol=service)):
            for serialized in response.file_descriptor_response.file_descriptor_proto:
                file = descriptor_pb2.FileDescriptorProto.FromString(serialized)
                files[file.name] = file
    expect(len(files) >= 6, f'files {sorted(files)}')
    for name, file in files.items():
        for symbol in symbols_of(file):
            response, = world.ask(Request(file_containing_symbol=symbol))
            found = response.file_descriptor_response.file_descriptor_proto
            expect(found, f'{symbol}: {response.error_response.error_message}')
            expect(descriptor_pb2.FileDescriptorProto.FromString(found[0]).name == name, f'{symbol} is not in {name}')


@case
def reflection_call(world):
    method = world.pool.FindServiceByName('grpc.testing.TestService').FindMethodByName('UnaryCall')
    request = message_factory.GetMessageClass(method.input_type)(response_size=7)
    response_class = message_factory.GetMessageClass(method.output_type)
    call = world.channel.unary_unary('/grpc.testing.TestService/UnaryCall',
                                     request_serializer=lambda message: message.SerializeToString(),
                                     response_deserializer=response_class.FromString)
    expect(len(call(request, timeout=20).payload.body) == 7, 'the payload is not what was asked for')


@case
def reflection_unknown(world):
    Request = reflection_pb2.ServerReflectionRequest
    missing, none, listed = world.ask(Request(file_containing_symbol='grpc.testing.Nothing'), Request(),
                                      Request(list_services=''))
    expect(missing.error_response.error_code == grpc.StatusCode.NOT_FOUND.value[0], f'{missing}')
    expect(none.error_response.error_code == grpc.StatusCode.INVALID_ARGUMENT.value[0], f'{none}')
    expect(listed.list_services_response.service, 'the stream did not go on')


def main():
    address, *services = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        world = World(channel, services)
        for name, run in CASES.items():
            try:
                run(world)
                print(f'{name}: ok', flush=True)
            except Exception as error:  # whatever it is, it is the case's result
                print(f'{name}: {error!r}'.replace('\n', ' '), flush=True)


if __name__ == '__main__':
    main()
